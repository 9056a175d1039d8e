/** Where an app database lies, whether it lasts, and why not. */
import type { TypystDbError } from '../errors.ts'
import type { DataLocation } from '../pglite/data-location.ts'
import type { BlockStoreState } from './storage/block-store-types.ts'
import { readStorageQuota } from './storage-quota.ts'
import type { StorageQuota } from './storage-quota.ts'

/**
 * What a page is to an open database. `alone`: it holds the database itself. `leader`: its worker holds it for all tabs.
 * `follower`: it uses the database through another tab's worker, or waits for one.
 */
export type AppRole = 'alone' | 'leader' | 'follower'

/** How an app database stands. */
export interface AppStatus extends StorageQuota {
  /** Where it lies, or will once it is opened. */
  readonly kind: DataLocation['kind']
  /** Whether it outlives the page: false in memory. */
  readonly isPersistent: boolean
  /** With `memoryFallback`, why it is in memory. */
  readonly fallbackCause: TypystDbError | undefined
  /** How the storage of an open `idb://` database is doing, and why its last flush failed. */
  readonly storage: BlockStoreState | undefined
  /** What this page is to the database; `undefined` before it is opened. */
  readonly role: AppRole | undefined
}

/** The part of an open database that its status comes from. */
export interface StatusSource {
  readonly kind: DataLocation['kind']
  readonly fallbackCause?: TypystDbError | undefined
  readonly storageState?: (() => BlockStoreState) | undefined
}

/** Puts together what is known, and asks the browser for its quota. */
export async function readAppStatus(
  { kind, fallbackCause, storageState }: StatusSource,
  role: AppRole | undefined,
): Promise<AppStatus> {
  // As it is now, not as it is when the browser has told its quota.
  const storage = storageState?.()
  return {
    ...(await readStorageQuota()),
    kind,
    isPersistent: kind !== 'memory',
    fallbackCause,
    storage,
    role,
  }
}
