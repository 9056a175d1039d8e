/** One IndexedDB transaction that only counts when nobody else has written since the last one. */
import { storeNames } from './format.ts'
import { transactionDone } from './indexed-db.ts'
import type { JournalRecord } from './journal.ts'

/** How a flush is written. */
export interface WriteOptions {
  /** `strict`: the browser reports completion only when the operating system has the bytes on disk. */
  readonly durability: 'strict' | 'relaxed'
}

/** A store of a running transaction. */
export type StoreOf = (name: keyof typeof storeNames) => IDBObjectStore

/**
 * Stores a flush under its number and resolves once it is on disk.
 *
 * Two writers cannot both take a number, so the second one's transaction fails as a whole. That needs no answer from the
 * database: a lone record is asked for and committed in one go.
 *
 * It never waits for an answer while it is open, either: a page that stands still keeps what it has locked from the leader
 * after it, and Chromium ends such a transaction only after a minute.
 *
 * @param work - What else belongs to the flush; it asks for all of it at once.
 * @throws DOMException `ConstraintError` when somebody else has taken the number; nothing was written then.
 */
export async function runStoreTransaction(
  database: IDBDatabase,
  number: number,
  record: JournalRecord,
  { durability }: WriteOptions,
  work?: (store: StoreOf) => void,
): Promise<void> {
  const scope = work ? Object.values(storeNames) : [storeNames.journal]
  const transaction = database.transaction(scope, 'readwrite', { durability })
  const done = transactionDone(transaction)
  // Watched from here on: `work` may throw, and that is what to report.
  done.catch(() => undefined)
  try {
    transaction.objectStore(storeNames.journal).add(record, number)
    work?.((name) => transaction.objectStore(name))
    commit(transaction)
  } catch (cause) {
    abort(transaction)
    throw await done.then(
      () => cause,
      (aborted: unknown) => (isAbort(cause) ? aborted : cause),
    )
  }
  await done
}

/** Spares a round trip: a transaction that ends by itself waits until every answer has reached this page. */
function commit(transaction: IDBTransaction): void {
  try {
    transaction.commit()
  } catch {
    // It was aborted, which its end reports.
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It was aborted already, which is why `work` failed.
  }
}

function isAbort(cause: unknown): boolean {
  return cause instanceof DOMException && (cause.name === 'AbortError' || cause.name === 'TransactionInactiveError')
}
