/** `salvage`: the rows of a database that can still be read, for when it cannot be opened. */
import { TypystDbError } from '../errors.ts'
import { optional, options as optionsOf, text } from '../internal/argument-readers.ts'
import { checkValue } from '../internal/check-arguments.ts'
import { loadCode } from '../internal/load-code.ts'
import { parseDataDir } from '../pglite/data-location.ts'
import { holdWebLock } from './connection/web-lock.ts'
import type { Salvage, SalvageOptions } from './salvage/salvage-database.ts'

/** How long the worker of an app database that was just closed may still have it, in milliseconds. */
const lockedForMs = 5000

const salvageOptions = optionsOf<SalvageOptions>({ passphrase: text })

/**
 * Reads every row of collections, settings and entries that can still be read from a database in the browser that is damaged,
 * and tells what is lost. Postgres runs on a copy in memory, so nothing is changed. Tables of your own are not in it;
 * `exportRaw` saves their bytes.
 *
 * @param dataDir - `idb://name`, as given to `createAppDatabase`; close the app database first, in every tab.
 * @returns `undefined` when there is no such database.
 * @throws TypystDbError `INVALID_OPTIONS` for another kind of `dataDir`, `DATABASE_IN_USE` while it is open,
 *   `STORAGE_DAMAGED` when no table can be read in any way, `STORAGE_UNAVAILABLE` when the browser refuses,
 *   `ASSETS_UNAVAILABLE` when PGlite or a part of this package cannot be fetched.
 *
 * @example
 * ```ts
 * import { createAppDatabase, salvage } from '@typyst/db/app'
 *
 * const salvaged = await salvage('idb://typyst')
 * if (salvaged) {
 *   const app = createAppDatabase({ dataDir: 'idb://typyst-new' })
 *   await app.transfer.importData(salvaged.data)
 *   console.log(salvaged.rows, salvaged.doubtful, salvaged.unreadable)
 * }
 * ```
 */
export async function salvage(dataDir: string, options: SalvageOptions = {}): Promise<Salvage | undefined> {
  const place = checkValue('`dataDir` of salvage()', text, dataDir)
  const checked = checkValue('`options` of salvage()', optional(salvageOptions), options)
  const location = parseDataDir(place)
  if (location.kind !== 'indexeddb') {
    throw new TypystDbError('INVALID_OPTIONS', 'Only "idb://name" can be salvaged. A folder can be copied.')
  }
  const unlock = await holdWebLock(location.name, lockedForMs)
  try {
    const { salvageDatabase } = await loadCode(() => import('./salvage/salvage-database.ts'))
    return await salvageDatabase(location.name, checked)
  } finally {
    await unlock()
  }
}
