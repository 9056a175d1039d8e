/** Keeps the log of outcomes small: rows that are too large are left out of it. */
import type { Outcome } from './protocol.ts'

/** Rows of an outcome that are kept, in bytes as a rough count: more would make each flush of a large read-write slow. */
const keptBytes = 64 * 1024

/** The outcome to be kept. */
export function withoutLargeRows(outcome: Outcome): Outcome {
  if (!outcome.ok || roughBytes(outcome.answer, keptBytes) <= keptBytes) return outcome
  return { ok: true, answer: { type: 'lost-rows' } }
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
