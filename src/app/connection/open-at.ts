/** Opens PGlite where a `dataDir` says: in a browser on our own storage, elsewhere on PGlite's. */
import type { PGlite } from '@electric-sql/pglite'
import type { TypystDbError } from '../../errors.ts'
import type { Opened } from '../../internal/lazy-connection.ts'
import { loadCode } from '../../internal/load-code.ts'
import type { DataLocation } from '../../pglite/data-location.ts'
import { holdPGlite, loadFrontend, loadPGlite, warmUpPGlite } from '../../pglite/load-pglite.ts'
import { openOnStorage } from '../../pglite/open-on-storage.ts'
import { openPGlite } from '../../pglite/open-pglite.ts'
import type { OpenedPGlite } from '../../pglite/open-pglite.ts'
import { refuseSessionResets } from '../../pglite/refuse-session-resets.ts'
import { atStorageEdge } from '../../pglite/storage-edge.ts'
import { appMigrations } from '../migrations.generated.ts'
import type { OpenPhase } from '../open-progress.ts'
import type { AppDatabaseOptions } from '../options.ts'
import type { BlockStoreState } from '../storage/block-store-types.ts'
import { isStorageDenied, storageDenied } from '../storage-denied.ts'
import type { Sharing } from '../storage/outcome-log.ts'
import type { AppClient } from './app-client.ts'
import { holdWebLock } from './web-lock.ts'

/** The options that concern opening. */
export interface OpenOptions {
  readonly durability: 'strict' | 'relaxed'
  readonly memoryFallback: boolean
  readonly onStorageChange?: AppDatabaseOptions['onStorageChange']
  readonly onPhase: (phase: OpenPhase) => void
  /** Keeps everybody else out of a database in the browser. */
  readonly lock: (name: string) => Promise<() => Promise<void>>
  /** What was open before, when its engine has failed: a database in memory goes on with the files of that one. */
  readonly failed?: AppSession | undefined
  /** Given by a leader, which may have taken over from one that stands still: how long that may be in the way. */
  readonly leaderTimeoutMs?: number | undefined
}

/** What a tab has of an open app database, wherever its engine runs. */
export interface AppSession extends Opened {
  readonly client: AppClient
  readonly kind: DataLocation['kind']
  /** Why it is in memory although it should not be. */
  readonly fallbackCause?: TypystDbError | undefined
  /** How the storage of an `idb://` database is doing. */
  readonly storageState?: (() => BlockStoreState) | undefined
  /** Resolves when everything acknowledged is stored. */
  flush(): Promise<void>
  /** The same, and removes what belongs to no file any more from the storage. */
  scrub(): Promise<void>
}

/** An app database whose engine runs here. */
export interface OpenedApp extends OpenedPGlite, AppSession {
  readonly client: PGlite
  readonly scrub: OpenedPGlite['scrub']
  /** What a leader needs of the storage; absent in memory. */
  readonly sharing?: Sharing
}

/**
 * Opens PGlite under the lock of its place.
 *
 * @throws TypystDbError `DATABASE_IN_USE`, the `STORAGE_*` codes; nothing stays open then.
 */
export async function openAt(location: DataLocation, options: OpenOptions): Promise<OpenedApp> {
  options.onPhase('download')
  const { remains, fallbackCause } = options.failed ?? {}
  if (remains) return { ...(await openElsewhere({ kind: 'memory' }, options, await remains())), fallbackCause }
  if (location.kind !== 'indexeddb') return openElsewhere(location, options)
  try {
    return await openInBrowser(location.name, options)
  } catch (cause) {
    // Only where nothing can be stored: what is stored but cannot be opened must not seem to be gone.
    if (!options.memoryFallback || !isStorageDenied(cause)) throw cause
    return { ...(await openElsewhere({ kind: 'memory' }, options)), fallbackCause: cause }
  }
}

/** Fetches the code that opening needs and compiles it, and opens nothing. */
export async function preloadCode({ kind }: DataLocation): Promise<void> {
  await Promise.all([warmUpPGlite(), ...(kind === 'indexeddb' ? [loadFrontend(), loadStorage()] : [])])
}

/** Fetches the same and keeps it without compiling it, for the day when the server has it no more. */
export async function holdCode({ kind }: DataLocation): Promise<void> {
  await Promise.all([holdPGlite(), ...(kind === 'indexeddb' ? [loadFrontend(), loadStorage()] : [])])
}

/** Takes the name of a database in the browser. */
export async function lockInBrowser(name: string): Promise<() => Promise<void>> {
  if (!('indexedDB' in globalThis)) {
    throw storageDenied(
      'There is no IndexedDB here. In Node, pass a folder or "memory://" as `dataDir`; in a browser, leave private mode.',
    )
  }
  return atStorageEdge(() => holdWebLock(name))
}

async function openElsewhere(location: DataLocation, { onPhase }: OpenOptions, files?: Blob): Promise<OpenedApp> {
  const [initial] = await Promise.all([files ?? loadInitial(), loadPGlite()])
  onPhase('start')
  const opened = await openPGlite(location, initial)
  refuseSessionResets(opened.client)
  return { ...opened, kind: location.kind }
}

/** The shipped snapshot for a new database outside of a browser, which spares it initdb: 0.7 instead of 2 s in memory. */
async function loadInitial(): Promise<Blob | undefined> {
  const { loadSnapshotArchive } = await loadCode(() => import('../storage/snapshot.ts'))
  return loadSnapshotArchive(appMigrations.map(({ hash }) => hash))
}

async function openInBrowser(
  name: string,
  { durability, onStorageChange, onPhase, lock, leaderTimeoutMs }: OpenOptions,
): Promise<OpenedApp> {
  const unlock = await lock(name)
  try {
    // PGlite's code is fetched beside the storage's; whoever needs it next reports its failure.
    Promise.all([loadPGlite(), loadFrontend()]).catch(() => undefined)
    const { openStorage } = await loadStorage()
    const migrationHashes = appMigrations.map(({ hash }) => hash)
    const storage = openStorage({ name, durability, leaderTimeoutMs, onStateChange: onStorageChange, migrationHashes })
    try {
      const opened = await openOnStorage(storage, onPhase)
      const close = async () => {
        await opened.close()
        await unlock()
      }
      const sharing = storage.share(() => opened.client.syncToFs())
      return { ...opened, close, kind: 'indexeddb', storageState: () => storage.state(), sharing }
    } catch (cause) {
      await storage.close()
      throw cause
    }
  } catch (cause) {
    await unlock()
    throw cause
  }
}

/** Our own storage, whose code only a database in a browser needs. */
function loadStorage(): Promise<typeof import('../storage/open-storage.ts')> {
  return loadCode(() => import('../storage/open-storage.ts'))
}
