/** The real IndexedDB with faults at chosen operations. */
import type { IndexedDbFactory } from '../../../../src/app/storage/indexed-db.ts'

/** What goes wrong: the browser aborts, closes the connection, or stores the flush and reports a failure. */
export type FaultKind = 'abort' | 'close' | 'stored-but-failed'

/** A factory whose write transactions can be made to fail. */
export interface FaultyFactory extends IndexedDbFactory {
  /** Lets the n-th operation of the write transactions from now on go wrong, counted from 1. */
  failAt(operation: number, kind: FaultKind): void
  /** Forgets a fault that has not happened. Tells whether there was one. */
  disarm(): boolean
}

export function createFaultyFactory(): FaultyFactory {
  let fault: { left: number; readonly kind: FaultKind } | undefined

  const breakTransaction = (database: IDBDatabase, transaction: IDBTransaction, kind: FaultKind): void => {
    fault = undefined
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
        if (transaction.mode === 'readwrite') watchTransaction(database, transaction)
        return transaction
      },
    })
  }

  const watchTransaction = (database: IDBDatabase, transaction: IDBTransaction): void => {
    const objectStore = transaction.objectStore.bind(transaction)
    Object.defineProperty(transaction, 'objectStore', {
      value: (name: string) => {
        const store = objectStore(name)
        for (const operation of ['get', 'put', 'delete'] as const) {
          const { [operation]: run } = store
          Object.defineProperty(store, operation, {
            configurable: true,
            value: (...args: unknown[]) => {
              const request: unknown = Reflect.apply(run, store, args)
              if (fault && --fault.left === 0) breakTransaction(database, transaction, fault.kind)
              return request
            },
          })
        }
        return store
      },
    })
  }

  return {
    open(name, version) {
      const request = indexedDB.open(name, version)
      request.addEventListener('success', () => watch(request.result))
      return request
    },
    deleteDatabase: (name) => indexedDB.deleteDatabase(name),
    databases: () => indexedDB.databases(),
    failAt(operation, kind) {
      fault = { left: operation, kind }
    },
    disarm() {
      const wasArmed = fault !== undefined
      fault = undefined
      return wasArmed
    },
  }
}
