/** Gets the bytes of a stored database out without starting Postgres, also when they are damaged or too new. */
import type { StorageEntry } from '@electric-sql/pglite/memfs-frontend'
import { databaseName, freshLogName } from './format.ts'
import { beginFreshLog } from './fresh-log.ts'
import { browserIndexedDb, openStoreDatabase } from './indexed-db.ts'
import { readStore } from './read-store.ts'
import { readStockStore } from './stock-store.ts'
import { createTar } from './tar.ts'

/** What {@link exportRaw} found. */
export interface RawExport {
  /** The data directory as a tar archive, which PGlite of the same major loads with `loadDataDir`. */
  readonly archive: Blob
  /** Who wrote it: this package, or PGlite's own `idb://`. */
  readonly source: 'typyst' | 'pglite'
  /** How many records could not be understood; zero for a sound database. */
  readonly damagedRecords: number
}

/**
 * Reads a database's raw files. The database must not be open.
 *
 * @param name - The part of `idb://name` after the slashes.
 * @returns Nothing when there is no database of that name.
 */
export async function exportRaw(name: string): Promise<RawExport | undefined> {
  const factory = browserIndexedDb()
  await beginFreshLog(factory, freshLogName(name))
  const database = await openStoreDatabase(factory, databaseName(name), false)
  if (database) {
    try {
      let damagedRecords = 0
      const { files } = await readStore({ database }, () => void (damagedRecords += 1))
      if (files.size > 0 || damagedRecords > 0) {
        const entries = [...files].map(([path, data]): StorageEntry =>
          data === 'dir' ? { kind: 'dir', path } : { kind: 'file', path, data },
        )
        return { archive: createTar(entries), source: 'typyst', damagedRecords }
      }
    } finally {
      database.close()
    }
  }
  const stock = await readStockStore(factory, name)
  return stock && { archive: createTar(stock), source: 'pglite', damagedRecords: 0 }
}
