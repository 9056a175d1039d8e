/** Keeps a database name to one opener per origin: two PGlites on one name corrupt it (pglite#323, #709). */
import { TypystDbError } from '../../errors.ts'
import { storageDenied } from '../storage-denied.ts'
import { databaseLock } from '../worker/names.ts'
import { showHolder } from '../worker/show-holder.ts'

/**
 * Takes a name until the returned function is called or the page is gone.
 *
 * @param waitMs - How long it may be taken, in milliseconds: a worker that was ended has it for a moment longer.
 * @throws TypystDbError `DATABASE_IN_USE` when it is taken, in this page or another; `STORAGE_UNAVAILABLE` where
 *   the browser has no locks, which are for secure contexts only.
 */
export async function holdWebLock(name: string, waitMs?: number): Promise<() => Promise<void>> {
  // Absent on pages without https, and outside browsers.
  if (!('navigator' in globalThis && 'locks' in navigator)) throw noWebLocks()
  return new Promise((resolve, reject) => {
    const request: Promise<unknown> = navigator.locks.request(
      databaseLock(name),
      waitMs === undefined ? { ifAvailable: true } : { signal: AbortSignal.timeout(waitMs) },
      async (lock) => {
        if (!lock) throw inUse()
        const hide = showHolder(name)
        await new Promise<void>((release) => {
          resolve(async () => {
            hide()
            release()
            await request
          })
        })
      },
    )
    request.catch((cause: unknown) => {
      const isTaken = cause instanceof DOMException && cause.name === 'TimeoutError'
      reject(isTaken || !(cause instanceof Error) ? inUse() : cause)
    })
  })
}

function inUse(): TypystDbError {
  return new TypystDbError(
    'DATABASE_IN_USE',
    'The database is open already, in this tab or another one. Close it there and try again.',
  )
}

/** The error for a page or worker without them. */
export function noWebLocks(): TypystDbError {
  return storageDenied(
    'The browser offers no Web Locks here, so a second tab could not be kept out. Serve the page over https or from localhost.',
  )
}
