/** The open note: its title, its text in the editor, and the preview beside or instead of it. */
import type { Entry } from '@typyst/db/schema/app'
import { byId } from '../dom/by-id.ts'
import { createTitleInput } from '../dom/title-input.ts'
import { createEditor } from '../editor/create-editor.ts'
import { createNoteSaving } from '../editor/note-saving.ts'
import { createPreview } from '../editor/create-preview.ts'

export interface NotePaneActions {
  rename(id: string, title: string): void
  delete(id: string): void
  back(): void
}

export function createNotePane(actions: NotePaneActions) {
  const body = byId('note', HTMLDivElement)
  const empty = byId('note-empty', HTMLParagraphElement)
  const saving = createNoteSaving(byId('save-state', HTMLParagraphElement))
  const preview = createPreview(() => editor.text())
  let entryId: string | undefined

  const editorBox = byId('editor', HTMLDivElement)
  const editor = createEditor(editorBox, () => {
    if (entryId !== undefined) saving.edited(entryId, () => editor.text())
    preview.update()
  })
  const title = createTitleInput(byId('note-title', HTMLInputElement), {
    rename: (text) => {
      if (entryId !== undefined) actions.rename(entryId, text)
    },
    done: () => editor.focus(),
  })

  editorBox.addEventListener('keydown', (event) => {
    // The editor uses the key first, to end a selection of several places.
    if (event.key === 'Escape' && !event.defaultPrevented) actions.back()
  })
  byId('delete-entry', HTMLButtonElement).addEventListener('click', () => {
    if (entryId !== undefined) actions.delete(entryId)
  })
  byId('note-back', HTMLButtonElement).addEventListener('click', () => actions.back())

  const showNothing = () => {
    entryId = undefined
    body.hidden = true
    empty.hidden = false
  }

  return {
    open(entry: Entry): void {
      entryId = entry.id
      title.show(entry.title)
      editor.show(entry.content ?? '')
      body.hidden = false
      empty.hidden = true
      preview.update()
    },
    /** Shows what another window stored; what is typed here and not saved yet wins. */
    follow(entry: Entry): void {
      title.show(entry.title)
      const text = entry.content ?? ''
      if (saving.draft() || text === editor.text()) return
      editor.follow(text)
      preview.update()
    },
    /** Saves what is waiting first, and stays open when that fails. */
    async close(): Promise<void> {
      await saving.flush()
      showNothing()
    },
    /** Closes without saving, because the note is about to be deleted. */
    discard(): void {
      saving.discard()
      showNothing()
    },
    flush: (): Promise<void> => saving.flush(),
    editTitle: (): void => title.edit(),
    focusText: (): void => editor.focus(),
  }
}
