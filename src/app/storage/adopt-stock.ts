/** Takes over a database that stock PGlite stored: copied whole, and the old one deleted once Postgres runs on the copy. */
import type { StoreSeed } from './block-store-types.ts'
import { wrongPostgres } from './check-store.ts'
import { databaseName, isFormatRecord, metaKeys, postgresMajor, storeNames } from './format.ts'
import { openStoreDatabase, requestResult, transactionDone } from './indexed-db.ts'
import type { IndexedDbFactory } from './indexed-db.ts'
import { readStores } from './transaction.ts'
import { deleteStockStore, readStockStore } from './stock-store.ts'

/**
 * Reads a stock database as the seed of a new store.
 *
 * @returns Nothing when there is none.
 * @throws TypystDbError `STORAGE_INCOMPATIBLE` when another Postgres major wrote it.
 */
export async function adoptStockStore(factory: IndexedDbFactory, name: string): Promise<StoreSeed | undefined> {
  const entries = await readStockStore(factory, name)
  if (!entries) return undefined
  const version = entries.find(({ path }) => path === '/PG_VERSION')
  const major = version?.kind === 'file' ? new TextDecoder().decode(version.data).trim() : ''
  if (major !== postgresMajor) throw wrongPostgres(major)
  return { origin: 'adopting', entries }
}

/** Deletes the stock database that was adopted, in this session or one that was cut short; to be called with Postgres up. */
export async function finishAdoption(factory: IndexedDbFactory, name: string): Promise<void> {
  const database = await openStoreDatabase(factory, databaseName(name), false)
  if (!database) return
  try {
    const format: unknown = await readStores({ database }, ['meta'], (store) =>
      requestResult(store('meta').get(metaKeys.format)),
    )
    if (!isFormatRecord(format) || format.origin !== 'adopting') return
    await deleteStockStore(factory, name)
    const transaction = database.transaction(storeNames.meta, 'readwrite')
    transaction.objectStore(storeNames.meta).put({ ...format, origin: 'adopted' }, metaKeys.format)
    transaction.commit()
    await transactionDone(transaction)
  } finally {
    database.close()
  }
}
