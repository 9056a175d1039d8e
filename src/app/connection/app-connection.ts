/** The app's connection: locks the place, opens PGlite there and migrates, all on first use; deletes it on request. */
import { TypystDbError } from '../../errors.ts'
import { createLazyConnection } from '../../internal/lazy-connection.ts'
import type { LazyConnection } from '../../internal/lazy-connection.ts'
import { onceOrRetry } from '../../internal/once-or-retry.ts'
import type { SqlConnection } from '../../internal/sql-connection.ts'
import type { DataLocation } from '../../pglite/data-location.ts'
import { lockFolder } from '../../pglite/folder-lock.ts'
import { openOnStorage } from '../../pglite/open-on-storage.ts'
import { openPGlite } from '../../pglite/open-pglite.ts'
import type { OpenedPGlite } from '../../pglite/open-pglite.ts'
import { atStorageEdge } from '../../pglite/storage-edge.ts'
import { appMigrations } from '../migrations.generated.ts'
import { deleteDatabase } from './delete-database.ts'
import { holdWebLock } from './web-lock.ts'

/** A lazy connection to a database that can also be deleted. */
export interface AppConnection extends LazyConnection<OpenedPGlite> {
  /** Closes the database and deletes it with all its data. */
  destroy(): Promise<void>
}

/**
 * Builds the connection; nothing is touched until its first use.
 *
 * @param migrate - Runs on the open database before any query does.
 */
export function createAppConnection(
  location: DataLocation,
  durability: 'strict' | 'relaxed',
  migrate: (connection: SqlConnection) => Promise<void>,
): AppConnection {
  const lazy = createLazyConnection(async () => {
    const unlock = await lockIndexedDb(location)
    try {
      const opened = await openAt(location, durability)
      const close = async () => {
        await opened.close()
        await unlock()
      }
      try {
        await migrate(opened.connection)
      } catch (cause) {
        await opened.close()
        throw cause
      }
      return { ...opened, close }
    } catch (cause) {
      await unlock()
      throw cause
    }
  })
  const destroy = onceOrRetry(async () => {
    await lazy.close()
    await atStorageEdge(async () => {
      const unlock = location.kind === 'folder' ? await lockFolder(location.path) : await lockIndexedDb(location)
      try {
        await deleteDatabase(location)
      } finally {
        await unlock()
      }
    })
  })
  return { ...lazy, destroy }
}

/** Opens PGlite, in a browser on our own storage, whose code only an opened database needs. */
async function openAt(location: DataLocation, durability: 'strict' | 'relaxed'): Promise<OpenedPGlite> {
  if (location.kind !== 'indexeddb') return openPGlite(location)
  const { openStorage } = await import('../storage/open-storage.ts')
  const storage = await openStorage({
    name: location.name,
    durability,
    migrationHashes: appMigrations.map(({ hash }) => hash),
  })
  try {
    return await openOnStorage(storage)
  } catch (cause) {
    await storage.close()
    throw cause
  }
}

/** Takes the name of a database in the browser; folders are locked where they are opened, and memory needs no lock. */
async function lockIndexedDb(location: DataLocation): Promise<() => Promise<void>> {
  if (location.kind !== 'indexeddb') return () => Promise.resolve()
  if (!('indexedDB' in globalThis)) {
    throw new TypystDbError(
      'STORAGE_UNAVAILABLE',
      'There is no IndexedDB here. In Node, pass a folder or "memory://" as `dataDir`; in a browser, leave private mode.',
    )
  }
  return atStorageEdge(() => holdWebLock(location.name))
}
