/** Takes over a database that stock PGlite stored: copied whole, and the old one deleted once Postgres runs on the copy. */
import type { StoreSeed } from './block-store-types.ts'
import { wrongPostgres } from './check-store.ts'
import { databaseName, firstSummedVersion, isFormatRecord, metaKeys, postgresMajor, storeNames } from './format.ts'
import { openStoreDatabase, requestResult, transactionDone } from './indexed-db.ts'
import type { IndexedDbFactory } from './indexed-db.ts'
import { sealFormat } from './seal.ts'
import { loadSums } from './sums.ts'
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
    const sums = await loadSums()
    const transaction = database.transaction(storeNames.meta, 'readwrite')
    const done = transactionDone(transaction)
    const meta = transaction.objectStore(storeNames.meta)
    // Read again: the store may have got its sums since, which it says there.
    const current: unknown = await requestResult(meta.get(metaKeys.format))
    if (isFormatRecord(current)) {
      const adopted = { ...current, origin: 'adopted' } as const
      meta.put(current.version < firstSummedVersion ? adopted : sealFormat(sums, adopted), metaKeys.format)
    }
    await done
  } finally {
    database.close()
  }
}
