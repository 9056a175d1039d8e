/** Deletes what a location holds. The caller has it locked and nothing open in it. */
import { TypystDbError } from '../../errors.ts'
import type { DataLocation } from '../../pglite/data-location.ts'

/** PGlite's own prefix for the IndexedDB databases of `idb://` names. */
const indexedDbPrefix = '/pglite/'

/**
 * Deletes a database with all its data.
 *
 * @throws TypystDbError `STORAGE_BLOCKED` when something else in the browser has it open, `STORAGE_UNAVAILABLE` when it
 *   cannot be deleted.
 */
export async function deleteDatabase(location: DataLocation): Promise<void> {
  if (location.kind === 'folder') {
    await process.getBuiltinModule('node:fs/promises').rm(location.path, { recursive: true, force: true })
  } else if (location.kind === 'indexeddb') {
    await deleteIndexedDb(indexedDbPrefix + location.name)
  }
}

function deleteIndexedDb(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () => {
      reject(
        new TypystDbError('STORAGE_UNAVAILABLE', 'The browser could not delete the database. Try again.', {
          cause: request.error,
        }),
      )
    }
    request.onblocked = () => {
      reject(
        new TypystDbError(
          'STORAGE_BLOCKED',
          'Something else has the database open, so it is deleted only when that lets go. Close other tabs of this site.',
        ),
      )
    }
  })
}
