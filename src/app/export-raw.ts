/** `exportRaw`: the stored bytes of a database, for when it cannot be opened. */
import { TypystDbError } from '../errors.ts'
import { text } from '../internal/argument-readers.ts'
import { checkValue } from '../internal/check-arguments.ts'
import { loadCode } from '../internal/load-code.ts'
import { parseDataDir } from '../pglite/data-location.ts'
import { holdWebLock } from './connection/web-lock.ts'
import type { RawExport } from './storage/export-raw.ts'

/**
 * Reads the raw files of a database in the browser without starting Postgres: also one that is damaged, or was written
 * by a newer release or another Postgres major. Nothing is changed.
 *
 * @param dataDir - `idb://name`, as given to `createAppDatabase`; the database must not be open.
 * @returns A tar archive of the data directory, or `undefined` when there is no such database.
 * @throws TypystDbError `INVALID_OPTIONS` for another kind of `dataDir`, `DATABASE_IN_USE` while it is open,
 *   `STORAGE_UNAVAILABLE` when the browser refuses.
 *
 * @example
 * ```ts
 * import { exportRaw } from '@typyst/db/app'
 *
 * const raw = await exportRaw('idb://typyst')
 * if (raw) console.log(`${raw.archive.size} bytes, ${raw.damagedRecords} damaged records`)
 * ```
 */
export async function exportRaw(dataDir: string): Promise<RawExport | undefined> {
  const location = parseDataDir(checkValue('`dataDir` of exportRaw()', text, dataDir))
  if (location.kind !== 'indexeddb') {
    throw new TypystDbError('INVALID_OPTIONS', 'Only "idb://name" has raw bytes to export. A folder can be copied.')
  }
  const unlock = await holdWebLock(location.name)
  try {
    const storage = await loadCode(() => import('./storage/export-raw.ts'))
    return await storage.exportRaw(location.name)
  } finally {
    await unlock()
  }
}
