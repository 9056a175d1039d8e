/** What the browser grants this origin: how much room there is, and whether it may clear it when the disk runs full. */

/** What the browser tells about an origin's storage. A value is missing where the browser does not tell. */
export interface StorageQuota {
  /** Whether the browser keeps the data until somebody deletes it; otherwise it may clear it when the disk runs full. */
  readonly isPersisted: boolean | undefined
  /** Bytes everything of this origin takes. */
  readonly usedBytes: number | undefined
  /** Bytes it may take. */
  readonly quotaBytes: number | undefined
}

/**
 * Asks the browser how this origin's storage stands. Never throws.
 *
 * @example
 * ```ts
 * import { readStorageQuota } from '@typyst/db/app'
 *
 * const { isPersisted, usedBytes, quotaBytes } = await readStorageQuota()
 * console.log(isPersisted ? 'kept' : 'may be cleared', usedBytes, quotaBytes)
 * ```
 */
export async function readStorageQuota(): Promise<StorageQuota> {
  const storage = browserStorage()
  const [isPersisted, estimate] = await Promise.all([
    storage?.persisted().catch(() => undefined),
    storage?.estimate().catch(() => undefined),
  ])
  return { isPersisted, usedBytes: estimate?.usage, quotaBytes: estimate?.quota }
}

/**
 * Asks the browser to keep this origin's data for good. Browsers decide by themselves or ask the user; call it when the
 * user has just made something worth keeping.
 *
 * @returns Whether the data is kept now.
 */
export async function requestPersistence(): Promise<boolean> {
  return (
    (await browserStorage()
      ?.persist()
      .catch(() => false)) ?? false
  )
}

/** Absent outside of browsers and on pages without https. */
function browserStorage(): StorageManager | undefined {
  return 'navigator' in globalThis && 'storage' in navigator ? navigator.storage : undefined
}
