/** Turns whatever was thrown into a sentence for a person: what happened, and what to do next. */
import { isTypystDbError } from '@typyst/db'
import type { TypystDbErrorCode } from '@typyst/db'

/** Where the package's own message speaks to developers, ours speaks to whoever writes notes. */
const sentences: Partial<Record<TypystDbErrorCode, string>> = {
  DATABASE_IN_USE: 'Your notes are open in another tab. Close that tab, then try again.',
  STORAGE_FULL: 'This browser has no room left. Delete notes or free space on this device, then try again.',
  STORAGE_UNAVAILABLE:
    'This browser does not let the page store anything. Leave private browsing or allow site data, then try again.',
  DATABASE_NEWER: 'These notes were written by a newer version of this page. Reload the page to get it.',
  FOREIGN_KEY_VIOLATION: 'The collection is gone. Choose another one and try again.',
  INVALID_INPUT: 'The text holds a character that cannot be stored (NUL). Remove it and try again.',
  CLOSED: 'The database was closed. Reload the page.',
}

export function explain(error: unknown): string {
  if (isTypystDbError(error)) return sentences[error.code] ?? error.message
  const detail = error instanceof Error ? error.message : String(error)
  return `Something unexpected happened. Reload the page and try again. (${detail})`
}
