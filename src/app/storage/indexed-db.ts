/** IndexedDB as promises, with what goes wrong in it told by code. */
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import { openFreshWindow } from '../fresh-window.ts'
import { storageDenied } from '../storage-denied.ts'
import { isOfKind } from './bytes.ts'
import { storeNames } from './format.ts'
import { unlessBlocked } from './unless-blocked.ts'

/** The layout of object stores; the format of their records has a version of its own. */
const databaseVersion = 1

/** The part of the global `indexedDB` used here, so that tests can put faults into it. */
export interface IndexedDbFactory extends Pick<IDBFactory, 'open' | 'deleteDatabase' | 'databases'> {
  /** Makes it one that the browser has not given up yet; tells whether it could. */
  readonly renew?: (() => boolean) | undefined
}

/** The browser's IndexedDB. @throws TypystDbError `STORAGE_UNAVAILABLE` where there is none. */
export function browserIndexedDb(): IndexedDbFactory {
  if (typeof indexedDB === 'undefined') {
    throw storageDenied('This environment has no IndexedDB. Use "memory://", or open the database in a browser window.')
  }
  const current = (): IDBFactory => renewed ?? indexedDB
  return {
    open: (name, version) => current().open(name, version),
    deleteDatabase: (name) => current().deleteDatabase(name),
    databases: () => current().databases(),
    renew() {
      const fresh = openFreshWindow()?.indexedDB
      if (fresh) renewed = fresh
      return fresh !== undefined
    },
  }
}

/** What is used since WebKit gave up the page's own: when the process behind it dies, that fails until a reload. */
let renewed: IDBFactory | undefined

/** Whether the browser's storage itself went away, for the page's window and its workers to stay. */
export function isServerLost(cause: unknown): boolean {
  const error = isTypystDbError(cause) ? cause.cause : cause
  return (error instanceof Error || isException(error)) && error.name === 'UnknownError'
}

/** The outcome of a request. */
export function requestResult<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new DOMException('The request failed', 'UnknownError'))
  })
}

/** Resolves when a transaction is stored; an abort for any reason rejects. */
export function transactionDone(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    let refused: DOMException | null = null
    const onabort = (): void => {
      const reasons = [transaction.error, refused]
      const reason = reasons.find((error) => error !== null && error.name !== 'AbortError') ?? transaction.error
      reject(reason ?? new DOMException('The transaction was aborted', 'AbortError'))
    }
    transaction.addEventListener('error', ({ target }) => {
      // A transaction that was told to commit has no error in WebKit and a mere `AbortError` in Firefox, whatever failed in it.
      refused ??= requestError(target)
      // Only an abort ends requests like this, and WebKit tells nothing else of it when the connection is closed at once.
      if (requestError(target)?.name === 'AbortError') onabort()
    })
    transaction.oncomplete = () => (refused ? reject(refused) : resolve())
    transaction.onabort = onabort
  })
}

/** What an event's request failed with. */
function requestError(target: EventTarget | null): DOMException | null {
  return target !== null && 'error' in target && isException(target.error) ? target.error : null
}

/**
 * Opens a database of our own layout.
 *
 * @param mayCreate - Whether a missing database is created; otherwise `undefined` comes back.
 * @param timeoutMs - How long a page that creates or deletes it may be in the way, in milliseconds; otherwise for ever.
 * @throws TypystDbError `STORAGE_NEWER`, `STORAGE_BLOCKED`, or as {@link storageError} says.
 */
export async function openStoreDatabase(
  factory: IndexedDbFactory,
  name: string,
  mayCreate: boolean,
  timeoutMs?: number,
): Promise<IDBDatabase | undefined> {
  try {
    const opened = new Promise<IDBDatabase | undefined>((resolve, reject) => {
      const request = factory.open(name, databaseVersion)
      request.onupgradeneeded = () => {
        if (!mayCreate) return request.transaction?.abort()
        for (const storeName of Object.values(storeNames)) request.result.createObjectStore(storeName)
      }
      request.onblocked = () =>
        reject(
          new TypystDbError(
            'STORAGE_BLOCKED',
            'Another tab holds an old connection to this database. Close that tab and try again.',
          ),
        )
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => {
        if (!mayCreate && request.error?.name === 'AbortError') resolve(undefined)
        else reject(request.error ?? new DOMException('The database did not open', 'UnknownError'))
      }
    })
    return await unlessBlocked(opened, timeoutMs).catch((cause: unknown) => {
      // One that comes later would be in everybody's way.
      opened.then(
        (late) => late?.close(),
        () => undefined,
      )
      throw cause
    })
  } catch (cause) {
    if (!isServerLost(cause) || !factory.renew?.()) throw storageError(cause)
    return openStoreDatabase({ ...factory, renew: undefined }, name, mayCreate, timeoutMs)
  }
}

/** How long a deletion may take before somebody who does not answer is in its way, in milliseconds. */
const deletionAnswersWithinMs = 5000

/** Deletes a database. @throws TypystDbError `STORAGE_BLOCKED` while a connection elsewhere keeps it. */
export async function deleteStoreDatabase(factory: IndexedDbFactory, name: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const request = factory.deleteDatabase(name)
      request.onsuccess = () => resolve()
      request.onerror = () => reject(request.error ?? new DOMException('The database was not deleted', 'UnknownError'))
      // The request stays queued and succeeds once the other side lets go; the caller need not wait for that.
      const giveUp = () =>
        reject(
          new TypystDbError(
            'STORAGE_BLOCKED',
            'Another tab still uses this database, so it is deleted once that tab is closed. Close it.',
          ),
        )
      request.onblocked = giveUp
      // A page that stands still is asked to let go, and browsers wait for its answer without a word.
      timer = setTimeout(giveUp, deletionAnswersWithinMs)
    })
  } catch (cause) {
    if (!isServerLost(cause) || !factory.renew?.()) throw storageError(cause)
    await deleteStoreDatabase({ ...factory, renew: undefined }, name)
  } finally {
    clearTimeout(timer)
  }
}

/** What the browser threw, as an error with a code. */
export function storageError(cause: unknown): TypystDbError {
  if (isTypystDbError(cause)) return cause
  const name = cause instanceof Error || isException(cause) ? cause.name : ''
  if (name === 'QuotaExceededError') {
    return new TypystDbError(
      'STORAGE_FULL',
      'The browser has no room left for this database. Free some space; what is not stored yet is kept and tried again with the next query.',
      { cause },
    )
  }
  if (name === 'VersionError') {
    return new TypystDbError(
      'STORAGE_NEWER',
      'This database was written by a newer release of @typyst/db and is left untouched. Reload the app to get that release.',
      { cause },
    )
  }
  if (isValueLost(cause)) {
    return new TypystDbError(
      'STORAGE_DAMAGED',
      'The browser can no longer read a part of this database. Save every row that can still be read with salvage(), or its raw bytes with exportRaw(), then delete it.',
      { cause },
    )
  }
  return new TypystDbError(
    'STORAGE_UNAVAILABLE',
    'The browser refused to read or write this database (private mode, a closed connection or a failed disk). What is not stored yet is kept and tried again with the next query.',
    { cause },
  )
}

/** Whether a value, or a part of one that lies in a file of its own, can be read no more. */
export function isValueLost(cause: unknown): boolean {
  return isException(cause) && lostValueErrors.has(cause.name)
}

const lostValueErrors = new Set(['DataCloneError', 'DataError', 'NotReadableError', 'NotFoundError'])

const lostConnectionErrors = new Set(['InvalidStateError', 'NotFoundError', 'UnknownError'])

/** Whether the connection itself is gone, so that a new one may help. */
export function isConnectionLost(cause: unknown): boolean {
  return isException(cause) && lostConnectionErrors.has(cause.name)
}

/** Whether a key that was to be new is there already. */
export function isTaken(cause: unknown): boolean {
  return isException(cause) && cause.name === 'ConstraintError'
}

/** Whether the browser gave up a transaction for no reason of the transaction's own. */
export function isAborted(cause: unknown): boolean {
  return isException(cause) && cause.name === 'AbortError'
}

/** Whether an error is the browser's own, also one of another window's making. */
export function isException(cause: unknown): cause is DOMException {
  return isOfKind(cause, 'DOMException')
}
