/** The app's connection: opens on first use, wherever its engine is, closes, and deletes the database on request. */
import { createLazyConnection } from '../../internal/lazy-connection.ts'
import type { LazyConnection } from '../../internal/lazy-connection.ts'
import { onceOrRetry } from '../../internal/once-or-retry.ts'
import type { DataLocation } from '../../pglite/data-location.ts'
import { readAppStatus } from '../app-status.ts'
import type { AppRole, AppStatus } from '../app-status.ts'
import type { AppSession } from './open-at.ts'

/** Where the engine is: in this page, or behind a worker. */
export interface AppEngine {
  /** Opens and migrates, in the place of one whose engine has failed; leaves nothing behind when it fails. */
  open(failed?: AppSession): Promise<AppSession>
  /** Deletes the database, and closes it here with `close` when that has to be. */
  destroy(close: () => Promise<void>): Promise<void>
  /** Fetches what opening needs and opens nothing. */
  preload(): Promise<void>
  /** What this page is to an open database. */
  role(): AppRole
}

/** A lazy connection to a database that can also be deleted. */
export interface AppConnection extends LazyConnection<AppSession> {
  /** Closes the database and deletes it with all its data. */
  destroy(): Promise<void>
  /** How it stands; opens nothing. */
  status(): Promise<AppStatus>
}

/**
 * Builds the connection; nothing is touched until its first use.
 *
 * @param onOpened - Called each time an engine has opened.
 */
export function createAppConnection(
  location: DataLocation,
  engine: AppEngine,
  onOpened: (session: AppSession) => void,
): AppConnection {
  let latest: AppSession | undefined
  const lazy = createLazyConnection<AppSession>(async (failed) => {
    latest = await engine.open(failed)
    onOpened(latest)
    return latest
  })
  const destroy = onceOrRetry(() => engine.destroy(() => lazy.close()))
  return {
    ...lazy,
    destroy,
    status: () => readAppStatus(latest ?? location, latest && engine.role()),
  }
}
