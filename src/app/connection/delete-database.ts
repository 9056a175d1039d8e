/** Deletes what a location holds. The caller has it locked and nothing open in it. */
import { loadCode } from '../../internal/load-code.ts'
import { realFolder } from '../../pglite/real-folder.ts'
import type { DataLocation } from '../../pglite/data-location.ts'

/**
 * Deletes a database with all its data.
 *
 * @throws TypystDbError `STORAGE_BLOCKED` when something else in the browser has it open, `STORAGE_UNAVAILABLE` when it
 *   cannot be deleted.
 */
export async function deleteDatabase(location: DataLocation): Promise<void> {
  if (location.kind === 'folder') {
    // A link to it goes with it, or the next opening would find one that leads nowhere.
    const { rm } = process.getBuiltinModule('node:fs/promises')
    for (const path of [await realFolder(location.path), location.path])
      await rm(path, { recursive: true, force: true })
  } else if (location.kind === 'indexeddb') {
    const { deleteStorage } = await loadCode(() => import('../storage/open-storage.ts'))
    await deleteStorage(location.name)
  }
}
