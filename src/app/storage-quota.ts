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
  const [isPersisted, estimate] = await Promise.all([
    ask((storage) => storage.persisted?.()),
    ask((storage) => storage.estimate?.()),
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
  return (await ask((storage) => storage.persist?.())) ?? false
}

/**
 * An answer of the browser, or none: the interface is absent outside of browsers, on pages without https and in WebKitGTK, each
 * of its methods in some browser or in workers, and where storage is blocked asking may throw.
 */
async function ask<T>(question: (storage: Partial<StorageManager>) => Promise<T> | undefined): Promise<T | undefined> {
  try {
    const storage = browserStorage(globalThis.navigator)
    return await (storage && question(storage))
  } catch {
    return undefined
  }
}

/** Types know no browser that lacks it. */
function browserStorage(navigator: {
  readonly storage?: Partial<StorageManager>
}): Partial<StorageManager> | undefined {
  return navigator.storage
}
