/**
 * The last moment before a page ends is too short for a database, so text still unsaved then goes into `localStorage`,
 * which writes at once, and into the database at the next start.
 */
import type { Draft } from './autosave.ts'

const key = 'notes:draft'

/** @returns Whether the draft was kept. It is not when it is larger than `localStorage` allows, about 5 million characters. */
export function keepDraft(draft: Draft): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(draft))
    return true
  } catch {
    return false
  }
}

export function forgetDraft(): void {
  localStorage.removeItem(key)
}

export function keptDraft(): Draft | undefined {
  try {
    const draft: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    return isDraft(draft) ? draft : undefined
  } catch {
    // Nothing this page wrote, and no reason to keep anyone from their notes.
    return undefined
  }
}

function isDraft(value: unknown): value is Draft {
  return (
    typeof value === 'object' &&
    value !== null &&
    'entryId' in value &&
    typeof value.entryId === 'string' &&
    'content' in value &&
    typeof value.content === 'string'
  )
}
