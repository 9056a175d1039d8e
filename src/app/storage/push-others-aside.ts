/** Marks the store as another writer's, before anything is read from it. */
import { isTaken, requestResult } from './indexed-db.ts'
import { isJournalRecord } from './journal.ts'
import { sealRecord } from './seal.ts'
import { loadSums } from './sums.ts'
import { readStores, runStoreTransaction } from './transaction.ts'
import type { OpenStore } from './transaction.ts'

/**
 * Stores an empty flush. A leader that was thought dead and is not finds its next number taken from then on, so what is
 * read after this is everything it will ever have stored.
 */
export async function pushOthersAside(open: OpenStore, writer: string): Promise<void> {
  const sums = await loadSums()
  for (;;) {
    const last = await readStores(open, ['journal'], async (store) => {
      const cursor = await requestResult(store('journal').openCursor(null, 'prev'))
      return cursor && { key: cursor.key, value: cursor.value as unknown }
    })
    const number = typeof last?.key === 'number' ? last.key + 1 : 1
    const mark = { writer }
    // Behind a record without a sum there is none to go on from.
    const sum = isJournalRecord(last?.value) ? last.value.sum : undefined
    const record = sum === undefined ? mark : sealRecord(sums, sum, number, mark)
    try {
      await runStoreTransaction(open, number, record, { durability: 'strict' })
      return
    } catch (cause) {
      // The other one has just stored a flush.
      if (!isTaken(cause)) throw cause
    }
  }
}
