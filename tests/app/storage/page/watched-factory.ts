/** The real IndexedDB, each of whose connections a test gets to see. */
import type { IndexedDbFactory } from '../../../../src/app/storage/indexed-db.ts'

/** @param watch - Called with each connection before the store has it. */
export function createWatchedFactory(watch: (database: IDBDatabase) => void): IndexedDbFactory {
  return {
    open(name, version) {
      const request = indexedDB.open(name, version)
      request.addEventListener('success', () => watch(request.result))
      return request
    },
    deleteDatabase: (name) => indexedDB.deleteDatabase(name),
    databases: () => indexedDB.databases(),
  }
}
