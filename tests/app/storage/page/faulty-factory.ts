/** The real IndexedDB with faults at chosen operations. */
import type { IndexedDbFactory } from '../../../../src/app/storage/indexed-db.ts'
import { createWatchedFactory } from './watched-factory.ts'

/** What goes wrong: the browser aborts, closes the connection, or stores the flush and reports a failure. */
export type FaultKind = 'abort' | 'close' | 'stored-but-failed'

/** A factory whose write transactions can be made to fail. */
export interface FaultyFactory extends IndexedDbFactory {
  /** Lets the n-th operation of the write transactions from now on go wrong, counted from 1, and those after it. */
  failAt(operation: number, kind: FaultKind, times?: number): void
  /** Forgets a fault that has not happened. */
  disarm(): void
  /** Whether a fault has happened since the last {@link failAt}. */
  hasFailed(): boolean
  /** How many transactions were still open when the task was over that began them. */
  leftOpen(): number
}

export function createFaultyFactory(): FaultyFactory {
  let fault: { left: number; readonly kind: FaultKind; readonly times: number } | undefined

  let hasFailed = false
  let leftOpen = 0

  const breakTransaction = (
    database: IDBDatabase,
    transaction: IDBTransaction,
    kind: FaultKind,
    times: number,
  ): void => {
    hasFailed = true
    fault = times > 1 ? { left: 1, kind, times: times - 1 } : undefined
    if (kind === 'stored-but-failed') {
      transaction.oncomplete = null
      transaction.addEventListener('complete', () => {
        transaction.onabort?.call(transaction, new Event('abort'))
      })
      return
    }
    transaction.abort()
    if (kind === 'close') {
      database.close()
      database.onclose?.call(database, new Event('close'))
    }
  }

  const watch = (database: IDBDatabase): void => {
    const begin = database.transaction.bind(database)
    Object.defineProperty(database, 'transaction', {
      value: (...args: Parameters<IDBDatabase['transaction']>) => {
        const transaction = begin(...args)
        watchEnd(transaction)
        if (transaction.mode === 'readwrite') watchTransaction(database, transaction)
        return transaction
      },
    })
  }

  const watchEnd = (transaction: IDBTransaction): void => {
    let isOver = false
    for (const end of ['commit', 'abort'] as const) {
      const { [end]: run } = transaction
      Object.defineProperty(transaction, end, {
        value: () => {
          isOver = true
          run.call(transaction)
        },
      })
    }
    setTimeout(() => {
      if (!isOver) leftOpen += 1
    })
  }

  const watchTransaction = (database: IDBDatabase, transaction: IDBTransaction): void => {
    const objectStore = transaction.objectStore.bind(transaction)
    Object.defineProperty(transaction, 'objectStore', {
      value: (name: string) => {
        const store = objectStore(name)
        for (const operation of ['add', 'get', 'put', 'delete'] as const) {
          const { [operation]: run } = store
          Object.defineProperty(store, operation, {
            configurable: true,
            value: (...args: unknown[]) => {
              const request: unknown = Reflect.apply(run, store, args)
              if (fault && --fault.left === 0) breakTransaction(database, transaction, fault.kind, fault.times)
              return request
            },
          })
        }
        return store
      },
    })
  }

  return {
    ...createWatchedFactory(watch),
    failAt(operation, kind, times = 1) {
      fault = { left: operation, kind, times }
      hasFailed = false
    },
    disarm() {
      fault = undefined
    },
    hasFailed: () => hasFailed,
    leftOpen: () => leftOpen,
  }
}
