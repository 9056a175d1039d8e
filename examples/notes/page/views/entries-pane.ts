/** The open collection: its name, its notes, and a filter by title. */
import type { CollectionSummary } from '../data/collections.ts'
import type { EntrySummary } from '../data/entries.ts'
import { byId } from '../dom/by-id.ts'
import { createListBox } from '../dom/list-box.ts'
import { createTitleInput } from '../dom/title-input.ts'

export interface EntriesPaneActions {
  open(id: string, by: 'keyboard' | 'pointer'): void
  rename(id: string): void
  delete(id: string): void
  add(): void
  renameCollection(id: string, name: string): void
  deleteCollection(id: string): void
  back(): void
}

export function createEntriesPane(actions: EntriesPaneActions) {
  const tools = byId('entry-tools', HTMLDivElement)
  const filter = byId('entry-filter', HTMLInputElement)
  const empty = byId('entries-empty', HTMLParagraphElement)
  const nameInput = byId('collection-name', HTMLInputElement)
  const addButton = byId('new-entry', HTMLButtonElement)
  const deleteButton = byId('delete-collection', HTMLButtonElement)
  const list = createListBox(byId('entry-list', HTMLUListElement), actions)
  const focus = () => {
    if (!list.focus()) addButton.focus()
  }
  const name = createTitleInput(nameInput, {
    rename: (title) => {
      if (collectionId !== undefined) actions.renameCollection(collectionId, title)
    },
    done: focus,
  })
  let collectionId: string | undefined
  let entries: readonly EntrySummary[] = []
  let currentId: string | undefined

  const render = () => {
    const wanted = filter.value.toLocaleLowerCase()
    const shown = entries.filter(({ title }) => title.toLocaleLowerCase().includes(wanted))
    list.show(
      shown.map(({ id, title }) => ({ id, label: title })),
      currentId,
    )
    empty.hidden = collectionId === undefined || shown.length > 0
    empty.textContent =
      entries.length > 0 ? 'No title contains this.' : 'No notes yet. Make one, or drop Markdown files on this page.'
  }

  filter.addEventListener('input', render)
  filter.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') list.focus()
  })
  addButton.addEventListener('click', () => actions.add())
  byId('entries-back', HTMLButtonElement).addEventListener('click', () => actions.back())
  deleteButton.addEventListener('click', () => {
    if (collectionId !== undefined) actions.deleteCollection(collectionId)
  })

  return {
    show(collection: CollectionSummary | undefined, rows: readonly EntrySummary[], openId: string | undefined): void {
      // A filter that hides what was just added, or another collection's notes, would look like a loss.
      if (collection?.id !== collectionId || rows.length > entries.length) filter.value = ''
      collectionId = collection?.id
      entries = rows
      currentId = openId
      tools.hidden = nameInput.hidden = deleteButton.hidden = !collection
      if (collection) name.show(collection.name)
      render()
    },
    setCurrent(id: string | undefined): void {
      currentId = id
      list.setCurrent(id)
    },
    editName: (): void => name.edit(),
    focus,
  }
}
