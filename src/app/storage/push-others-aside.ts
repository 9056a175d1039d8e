/** Marks the store as another writer's, before anything is read from it. */
import { storeNames } from './format.ts'
import { isTaken, requestResult } from './indexed-db.ts'
import { runStoreTransaction } from './transaction.ts'

/**
 * Stores an empty flush. A leader that was thought dead and is not finds its next number taken from then on, so what is
 * read after this is everything it will ever have stored.
 */
export async function pushOthersAside(database: IDBDatabase, writer: string): Promise<void> {
  for (;;) {
    const journal = database.transaction(storeNames.journal).objectStore(storeNames.journal)
    const last = (await requestResult(journal.openKeyCursor(null, 'prev')))?.key
    const number = typeof last === 'number' ? last + 1 : 1
    try {
      await runStoreTransaction(database, number, { writer }, { durability: 'strict' })
      return
    } catch (cause) {
      // The other one has just stored a flush.
      if (!isTaken(cause)) throw cause
    }
  }
}
