/** Where an app database lies, whether it lasts, and why not. */
import type { TypystDbError } from '../errors.ts'
import type { DataLocation } from '../pglite/data-location.ts'
import type { BlockStoreState } from './storage/block-store-types.ts'
import { readStorageQuota } from './storage-quota.ts'
import type { StorageQuota } from './storage-quota.ts'

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
}

/** The part of an open database that its status comes from. */
export interface StatusSource {
  readonly kind: DataLocation['kind']
  readonly fallbackCause?: TypystDbError
  readonly storageState?: () => BlockStoreState
}

/** Puts together what is known, and asks the browser for its quota. */
export async function readAppStatus({ kind, fallbackCause, storageState }: StatusSource): Promise<AppStatus> {
  return {
    ...(await readStorageQuota()),
    kind,
    isPersistent: kind !== 'memory',
    fallbackCause,
    storage: storageState?.(),
  }
}
