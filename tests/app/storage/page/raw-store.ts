/** A store's records as IndexedDB holds them, behind the package's back. */
import { databaseName, storeNames } from '../../../../src/app/storage/format.ts'

export type StoreName = keyof typeof storeNames

/** A record, or with `undefined` that there is none. */
export interface RawRecord {
  readonly store: StoreName
  readonly key: IDBValidKey
  readonly value: unknown
}

/** Everything a database holds. */
export type Dump = readonly RawRecord[]

export const rawStores: readonly StoreName[] = ['meta', 'entries', 'records', 'packs', 'journal']

export async function openRaw(name: string): Promise<IDBDatabase> {
  const opening = indexedDB.open(databaseName(name), 1)
  opening.onupgradeneeded = () => {
    for (const store of rawStores) opening.result.createObjectStore(store)
  }
  return result(opening)
}

/** Reads everything. */
export async function dump(name: string): Promise<Dump> {
  const database = await openRaw(name)
  const transaction = database.transaction(rawStores)
  const records = await Promise.all(
    rawStores.map(async (store) => {
      const objects = transaction.objectStore(store)
      const keys = await result(objects.getAllKeys())
      const values: unknown[] = await Promise.all(keys.map((key) => result<unknown>(objects.get(key))))
      return keys.map((key, at): RawRecord => ({ store, key, value: values[at] }))
    }),
  )
  database.close()
  return records.flat()
}

/** Writes records as they are. */
export async function writeRaw(name: string, records: Dump): Promise<void> {
  const database = await openRaw(name)
  const transaction = database.transaction(rawStores, 'readwrite', { durability: 'relaxed' })
  for (const { store, key, value } of records) {
    if (value === undefined) transaction.objectStore(store).delete(key)
    else transaction.objectStore(store).put(value, key)
  }
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error ?? new Error('The transaction was aborted.'))
  })
  database.close()
}

/** Makes a database hold exactly these records. */
export async function restore(name: string, records: Dump): Promise<void> {
  await destroy(name)
  await writeRaw(name, records)
}

export async function destroy(name: string): Promise<void> {
  await result(indexedDB.deleteDatabase(databaseName(name)))
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('The request failed.'))
  })
}
