/** Where a page ended, as text that callers pass on without looking into it. */
import { TypystDbError } from '../../errors.ts'

/** The place after a row in the order of time and id. */
export interface Cursor {
  /** As Postgres writes it, in microseconds. */
  readonly at: string
  readonly id: string
}

/** Writes a cursor. */
export function writeCursor({ at, id }: Cursor): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url')
}

/**
 * Reads a cursor.
 *
 * @throws TypystDbError `INVALID_INPUT` for anything {@link writeCursor} did not write.
 */
export function readCursor(text: string): Cursor {
  const parsed = parse(Buffer.from(text, 'base64url').toString())
  const [at, id] = Array.isArray(parsed) ? (parsed as unknown[]) : []
  if (typeof at === 'string' && typeof id === 'string' && !Number.isNaN(Date.parse(at))) return { at, id }
  throw new TypystDbError('INVALID_INPUT', '`after` is not the `next` of a page. Pass it on as it came.')
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
