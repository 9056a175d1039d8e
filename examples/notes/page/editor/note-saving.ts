/** Saves the open note as it is typed, shows how that goes, and lets no text go with the page. */
import { saveContent } from '../data/entries.ts'
import { explain } from '../data/explain.ts'
import { hideNotice, showNotice } from '../dom/notice.ts'
import { createAutosave } from './autosave.ts'
import type { Autosave, SaveState } from './autosave.ts'
import { forgetDraft, keepDraft } from './draft-storage.ts'

const labels: Readonly<Record<SaveState, string>> = {
  saved: 'Saved',
  waiting: 'Editing …',
  saving: 'Saving …',
  failed: 'Not saved',
}

/** @param stateText - Where the person sees whether the note is saved. */
export function createNoteSaving(stateText: HTMLElement): Autosave {
  let hasFailed = false
  const autosave = createAutosave({
    delayMs: 400,
    save: async ({ entryId, content }) => {
      await saveContent(entryId, content)
      forgetDraft()
    },
    onState: (state, error) => {
      stateText.textContent = labels[state]
      stateText.classList.toggle('error', state === 'failed')
      if (state === 'failed') showNotice(`The note is not saved. ${explain(error)}`)
      if (state === 'saved' && hasFailed) hideNotice()
      hasFailed = state === 'failed' || (hasFailed && state !== 'saved')
    },
  })

  /** @returns Whether nothing would be lost if the page ended now. */
  const keep = () => {
    const draft = autosave.draft()
    return !draft || keepDraft(draft)
  }

  addEventListener('beforeunload', (event) => {
    if (!keep()) event.preventDefault()
  })
  addEventListener('pagehide', keep)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'hidden') return
    keep()
    // On a phone this may be the last that the page sees: start writing, without waiting for a pause in the typing.
    autosave.flush().catch(() => undefined)
  })
  return autosave
}
