/** Keeps rows out of the log of outcomes: those that are too large, and all when what was deleted has to be gone. */
import type { Outcome } from './protocol.ts'

/** Rows of an outcome that are kept, in bytes as a rough count: more would make each flush of a large read-write slow. */
const keptBytes = 64 * 1024

/** The outcome to be kept. */
export function withoutLargeRows(outcome: Outcome): Outcome {
  if (!outcome.ok || roughBytes(outcome.answer, keptBytes) <= keptBytes) return outcome
  return rowsLost
}

/** A kept outcome without the rows it gave. */
export function withoutRows(kept: object): object {
  return holdsRows(kept) ? rowsLost : kept
}

const rowsLost: Outcome = { ok: true, answer: { type: 'lost-rows' } }

/** Whether a value is, or somewhere holds, a list of rows that is not empty. */
function holdsRows(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Blob) return false
  return Object.entries(value).some(
    ([name, part]: [string, unknown]) => (name === 'rows' && Array.isArray(part) && part.length > 0) || holdsRows(part),
  )
}

/** About how many bytes a value takes as a structured clone; stops counting behind `enough`. */
function roughBytes(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length * 2
  if (typeof value !== 'object' || value === null) return 8
  if (value instanceof Blob) return value.size
  if (ArrayBuffer.isView(value)) return value.byteLength
  let bytes = 8
  for (const part of Object.values(value)) {
    bytes += roughBytes(part, enough - bytes)
    if (bytes > enough) break
  }
  return bytes
}
