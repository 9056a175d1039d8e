/** The engine in the page itself: opens PGlite under the lock of its place, migrates, and deletes what the place holds. */
import type { DataLocation } from '../../pglite/data-location.ts'
import { lockFolder } from '../../pglite/folder-lock.ts'
import { atStorageEdge } from '../../pglite/storage-edge.ts'
import { migrateApp } from '../migrate-app.ts'
import type { AppMigrations } from '../migrate-app.ts'
import type { AppEngine } from './app-connection.ts'
import { deleteDatabase } from './delete-database.ts'
import { lockInBrowser, openAt, preloadCode } from './open-at.ts'
import type { OpenOptions } from './open-at.ts'

/** Builds the engine; nothing is touched until it is opened. */
export function createPageEngine(
  location: DataLocation,
  options: Omit<OpenOptions, 'lock' | 'failed' | 'leaderTimeoutMs'>,
  migrations: AppMigrations,
): AppEngine {
  return {
    role: () => 'alone',
    async open(failed) {
      const opened = await openAt(location, { ...options, lock: lockInBrowser, failed })
      try {
        options.onPhase('migrate')
        await migrateApp(opened.connection, migrations)
      } catch (cause) {
        await opened.close()
        throw cause
      }
      return opened
    },
    async destroy(close) {
      await close()
      await atStorageEdge(async () => {
        const unlock = await lock(location)
        try {
          await deleteDatabase(location)
        } finally {
          await unlock()
        }
      })
    },
    preload: () => preloadCode(location),
  }
}

/** Keeps everybody else out of a place; memory is nobody else's. */
async function lock(location: DataLocation): Promise<() => Promise<void>> {
  if (location.kind === 'folder') return lockFolder(location.path)
  return location.kind === 'indexeddb' ? lockInBrowser(location.name) : () => Promise.resolve()
}
