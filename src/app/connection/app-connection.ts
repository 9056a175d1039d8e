/** The app's connection: locks the place, opens PGlite there and migrates, all on first use; deletes it on request. */
import { createLazyConnection } from '../../internal/lazy-connection.ts'
import type { LazyConnection } from '../../internal/lazy-connection.ts'
import { onceOrRetry } from '../../internal/once-or-retry.ts'
import type { SqlConnection } from '../../internal/sql-connection.ts'
import type { DataLocation } from '../../pglite/data-location.ts'
import { lockFolder } from '../../pglite/folder-lock.ts'
import { atStorageEdge } from '../../pglite/storage-edge.ts'
import { readAppStatus } from '../app-status.ts'
import type { AppStatus } from '../app-status.ts'
import { deleteDatabase } from './delete-database.ts'
import { lockInBrowser, openAt } from './open-at.ts'
import type { OpenedApp, OpenOptions } from './open-at.ts'

/** A lazy connection to a database that can also be deleted. */
export interface AppConnection extends LazyConnection<OpenedApp> {
  /** Closes the database and deletes it with all its data. */
  destroy(): Promise<void>
  /** How it stands; opens nothing. */
  status(): Promise<AppStatus>
}

/**
 * Builds the connection; nothing is touched until its first use.
 *
 * @param migrate - Runs on the open database before any query does.
 */
export function createAppConnection(
  location: DataLocation,
  options: OpenOptions,
  migrate: (connection: SqlConnection) => Promise<void>,
): AppConnection {
  let latest: OpenedApp | undefined
  const lazy = createLazyConnection(async () => {
    const opened = await openAt(location, options)
    try {
      options.onPhase('migrate')
      await migrate(opened.connection)
    } catch (cause) {
      await opened.close()
      throw cause
    }
    latest = opened
    return opened
  })
  const destroy = onceOrRetry(async () => {
    await lazy.close()
    await atStorageEdge(async () => {
      const unlock = await lock(location)
      try {
        await deleteDatabase(location)
      } finally {
        await unlock()
      }
    })
  })
  return { ...lazy, destroy, status: () => readAppStatus(latest ?? location) }
}

/** Keeps everybody else out of a place; memory is nobody else's. */
async function lock(location: DataLocation): Promise<() => Promise<void>> {
  if (location.kind === 'folder') return lockFolder(location.path)
  return location.kind === 'indexeddb' ? lockInBrowser(location.name) : () => Promise.resolve()
}
