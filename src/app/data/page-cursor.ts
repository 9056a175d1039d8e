/** Where a page of a list ended, as a text that a caller keeps and gives back. */
import { TypystDbError } from '../../errors.ts'

/** The last row's place in the order of the list. */
export interface PageEnd {
  /** The value it is sorted by, as Postgres writes it: a Date would lose the microseconds, and rows with them. */
  readonly key: string
  readonly id: string
}

/**
 * Writes a cursor.
 *
 * @param order - What the list is sorted by and which way; a cursor is good for that order only.
 */
export function writeCursor(order: string, { key, id }: PageEnd): string {
  return btoa(encodeURIComponent(JSON.stringify([order, key, id])))
}

/**
 * Reads a cursor.
 *
 * @throws TypystDbError `INVALID_INPUT` when it is none, or one of a list in another order.
 */
export function readCursor(order: string, cursor: string): PageEnd {
  const [writtenFor, key, id] = parse(cursor)
  if (writtenFor === order && typeof key === 'string' && typeof id === 'string') return { key, id }
  throw new TypystDbError(
    'INVALID_INPUT',
    'The `cursor` is not one of this list. Pass the `nextCursor` of a page with the same `sort` and `order`, unchanged.',
  )
}

function parse(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(decodeURIComponent(atob(cursor)))
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}
