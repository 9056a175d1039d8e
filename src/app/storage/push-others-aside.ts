/** Marks the store as another writer's, before anything is read from it. */
import { isTaken, requestResult } from './indexed-db.ts'
import { readStores, runStoreTransaction } from './transaction.ts'
import type { OpenStore } from './transaction.ts'

/**
 * Stores an empty flush. A leader that was thought dead and is not finds its next number taken from then on, so what is
 * read after this is everything it will ever have stored.
 */
export async function pushOthersAside(open: OpenStore, writer: string): Promise<void> {
  for (;;) {
    const last = await readStores(open, ['journal'], async (store) => {
      return (await requestResult(store('journal').openKeyCursor(null, 'prev')))?.key
    })
    const number = typeof last === 'number' ? last + 1 : 1
    try {
      await runStoreTransaction(open, number, { writer }, { durability: 'strict' })
      return
    } catch (cause) {
      // The other one has just stored a flush.
      if (!isTaken(cause)) throw cause
    }
  }
}
