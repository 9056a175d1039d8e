/** IndexedDB transactions that need this page no more once the task is over that began them. */
import { isFirefox, isWebKit } from './browser-engine.ts'
import { storeNames } from './format.ts'
import { isException, transactionDone } from './indexed-db.ts'
import type { JournalRecord } from './journal.ts'
import { unlessBlocked } from './unless-blocked.ts'

/** A database of ours that is open. */
export interface OpenStore {
  readonly database: IDBDatabase
  /** How long another page may keep a transaction from beginning, in milliseconds; without one, for ever. */
  readonly leaderTimeoutMs?: number | undefined
}

/** How a flush is written. */
export interface WriteOptions {
  /** `strict`: the browser reports completion only when the operating system has the bytes on disk. */
  readonly durability: 'strict' | 'relaxed'
  /** Called when the browser has all of it, and needs the page no more to store it. */
  readonly onIssued?: (() => void) | undefined
}

/** The name of an object store. */
export type StoreName = keyof typeof storeNames

/** A store of a running transaction. */
export type StoreOf = (name: StoreName) => IDBObjectStore

/**
 * Reads in one transaction, all of which is asked for at once. The browser then ends it by itself: a page that stands
 * still would otherwise keep what it has locked from the leader after it, and Chromium takes a minute to notice.
 *
 * @param ask - Makes every request before it waits for any.
 * @throws TypystDbError `STORAGE_BLOCKED` when another page is in the way for too long.
 */
export async function readStores<T>(
  open: OpenStore,
  names: readonly StoreName[],
  ask: (store: StoreOf) => Promise<T>,
): Promise<T> {
  const transaction = open.database.transaction(
    names.map((name) => storeNames[name]),
    'readonly',
  )
  const answer = ask((name) => transaction.objectStore(storeNames[name]))
  commit(transaction)
  return unlessBlocked(answer, open.leaderTimeoutMs, transaction)
}

/**
 * Stores a flush under its number and resolves once it is on disk.
 *
 * Two writers cannot both take a number, so the second one's transaction fails as a whole. That needs no answer from the
 * database: a lone record is asked for and committed in one go.
 *
 * @param work - What else belongs to the flush; it asks for all of it at once.
 * @throws DOMException `ConstraintError` when somebody else has taken the number; nothing was written then.
 * @throws TypystDbError `STORAGE_BLOCKED` when another page is in the way for too long; it is written once that lets go.
 */
export async function runStoreTransaction(
  open: OpenStore,
  number: number,
  record: JournalRecord,
  { durability, onIssued }: WriteOptions,
  work?: (store: StoreOf) => void,
): Promise<void> {
  // Told to commit, Firefox stores what is left of a transaction of which a request failed, unless that was the last one.
  const endsAtOnce = !work || !isFirefox()
  const scope = work ? Object.values(storeNames) : [storeNames.journal]
  const transaction = open.database.transaction(scope, 'readwrite', { durability })
  const done = transactionDone(transaction)
  // Watched from here on: `work` may throw, and that is what to report.
  done.catch(() => undefined)
  try {
    transaction.objectStore(storeNames.journal).add(record, number)
    work?.((name) => transaction.objectStore(storeNames[name]))
    if (endsAtOnce) commit(transaction)
  } catch (cause) {
    abort(transaction)
    throw await done.then(
      () => cause,
      (aborted: unknown) => (isAbort(cause) ? aborted : cause),
    )
  }
  // WebKit drops what a worker has asked for but not been told of when the page is left.
  if (endsAtOnce && !(isWebKit() && typeof document === 'undefined')) onIssued?.()
  await unlessBlocked(done, open.leaderTimeoutMs, transaction)
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
  return isException(cause) && (cause.name === 'AbortError' || cause.name === 'TransactionInactiveError')
}
