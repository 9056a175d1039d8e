/** One IndexedDB transaction that only counts when nobody else has written since the last one. */
import { TypystDbError } from '../../errors.ts'
import { metaKeys, storeNames } from './format.ts'
import { requestResult, transactionDone } from './indexed-db.ts'

/** Who flushed last and how often; stored with every flush. */
export interface SequenceRecord {
  readonly writer: string
  readonly count: number
}

/** How a flush is written. */
export interface WriteOptions {
  /** `strict`: the browser reports completion only when the operating system has the bytes on disk. */
  readonly durability: 'strict' | 'relaxed'
  /** The page is going away: commit at once, without waiting for a single answer. */
  readonly isUrgent?: boolean | undefined
}

/** The stores of a running transaction. */
export interface StoreTransaction {
  readonly meta: IDBObjectStore
  readonly entries: IDBObjectStore
  readonly records: IDBObjectStore
  readonly packs: IDBObjectStore
}

/** The stored sequence is not the expected one: another instance wrote, or the database is not the one that was opened. */
export class SequenceMismatch extends Error {
  override readonly name = 'SequenceMismatch'
  readonly found: SequenceRecord | undefined
  constructor(found: SequenceRecord | undefined) {
    super('The stored sequence is not the expected one')
    this.found = found
  }
}

/**
 * Runs `work` in one transaction over all stores and resolves once it is stored.
 *
 * @throws SequenceMismatch when the stored sequence is not `expected`; nothing was written then.
 */
export async function runStoreTransaction(
  database: IDBDatabase,
  expected: SequenceRecord | undefined,
  next: SequenceRecord,
  { durability, isUrgent = false }: WriteOptions,
  work: (stores: StoreTransaction) => Promise<void>,
): Promise<void> {
  const transaction = database.transaction(Object.values(storeNames), 'readwrite', { durability })
  const done = transactionDone(transaction)
  // Watched from here on: `work` may fail first, and its failure is the one to report.
  done.catch(() => undefined)
  const store = (name: string): IDBObjectStore => transaction.objectStore(name)
  const stores = { meta: store('meta'), entries: store('entries'), records: store('records'), packs: store('packs') }

  let mismatch: SequenceMismatch | undefined
  const check = stores.meta.get(metaKeys.sequence)
  check.onsuccess = () => {
    const found = parseSequence(check.result)
    if (found?.writer === expected?.writer && found?.count === expected?.count) return
    mismatch = new SequenceMismatch(found)
    if (!isUrgent) transaction.abort()
  }
  try {
    stores.meta.put(next, metaKeys.sequence)
    await work(stores)
    if (isUrgent) transaction.commit()
  } catch (cause) {
    try {
      transaction.abort()
    } catch {
      // It was aborted already, which is why `work` failed.
    }
    const reason: unknown = await done.then(
      () => cause,
      (aborted: unknown) => (isAbort(cause) ? aborted : cause),
    )
    throw mismatch ?? reason
  }
  await done.catch((cause: unknown) => {
    throw mismatch ?? cause
  })
}

/** The stored sequence. */
export async function readSequence(meta: IDBObjectStore): Promise<SequenceRecord | undefined> {
  return parseSequence(await requestResult(meta.get(metaKeys.sequence)))
}

function parseSequence(value: unknown): SequenceRecord | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'object' && value !== null && 'writer' in value && 'count' in value) {
    const { writer, count } = value
    if (typeof writer === 'string' && typeof count === 'number') return { writer, count }
  }
  throw new TypystDbError(
    'STORAGE_DAMAGED',
    'The stored database lacks its flush counter. Save its raw bytes with exportRaw(), then delete it.',
  )
}

function isAbort(cause: unknown): boolean {
  return cause instanceof DOMException && (cause.name === 'AbortError' || cause.name === 'TransactionInactiveError')
}
