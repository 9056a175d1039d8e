/** Reads whatever can be read of a stored database, also when it is damaged or too new. Nothing is changed. */
import type { Damage } from './damaged-store.ts'
import { databaseName, freshLogName } from './format.ts'
import { beginFreshLog } from './fresh-log.ts'
import { browserIndexedDb, openStoreDatabase } from './indexed-db.ts'
import { readStore } from './read-store.ts'
import type { StoredFiles } from './replay.ts'
import { readStockStore } from './stock-store.ts'

/** What is there. */
export interface DamagedContents {
  /** Every path with what can be read of its file, parents first. */
  readonly files: StoredFiles
  /** Who wrote it: this package, or PGlite's own `idb://`. */
  readonly source: 'typyst' | 'pglite'
  /** What is not as it was stored. Stock PGlite keeps nothing by which that could be told. */
  readonly damages: readonly Damage[]
}

/**
 * Reads a database, which must not be open.
 *
 * @param name - The part of `idb://name` after the slashes.
 * @returns Nothing when there is no database of that name.
 */
export async function readDamaged(name: string): Promise<DamagedContents | undefined> {
  const factory = browserIndexedDb()
  await beginFreshLog(factory, freshLogName(name))
  const database = await openStoreDatabase(factory, databaseName(name), false)
  if (database) {
    try {
      const damages: Damage[] = []
      const { files } = await readStore({ database }, (damage) => damages.push(damage))
      if (files.size > 0 || damages.length > 0) return { files, source: 'typyst', damages }
    } finally {
      database.close()
    }
  }
  const stock = await readStockStore(factory, name)
  if (!stock) return undefined
  const files: StoredFiles = new Map(
    stock.map((entry) => [entry.path, entry.kind === 'dir' ? 'dir' : new Uint8Array(entry.data)]),
  )
  return { files, source: 'pglite', damages: [] }
}
