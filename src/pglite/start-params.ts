/** Settings of Postgres on top of PGlite's own. */
import type { PGlite } from '@electric-sql/pglite'
import type { DataLocation } from './data-location.ts'

/**
 * Smaller buffers start faster (45 instead of 100 ms in Chromium) and save 56 MB of memory there, in Node 130: PGlite's
 * default of 128 MB is filled with zeros before anything else happens. There is one connection and no JIT.
 */
const small = ['shared_buffers=16MB', 'max_connections=4', 'jit=off']

/**
 * Full page images protect against pages that were written in part, which neither memory nor storage that flushes in
 * transactions can have. WAL segments are neither zeroed in advance nor kept for reuse: in a browser each would be stored,
 * and read at the next opening.
 */
const neverTorn = ['full_page_writes=off', 'wal_init_zero=off', 'wal_recycle=off']

/** PGlite's own parameters and ours. */
export function startParams(
  { defaultStartParams }: Pick<typeof PGlite, 'defaultStartParams'>,
  kind: DataLocation['kind'],
): string[] {
  const settings = kind === 'folder' ? small : [...small, ...neverTorn]
  return [...defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])]
}
