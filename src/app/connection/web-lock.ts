/** Keeps a database name to one opener per origin: two PGlites on one name corrupt it (pglite#323, #709). */
import { TypystDbError } from '../../errors.ts'
import { databaseLock } from '../worker/names.ts'

/**
 * Takes a name until the returned function is called or the page is gone.
 *
 * @throws TypystDbError `DATABASE_IN_USE` at once when it is taken, in this page or another; `STORAGE_UNAVAILABLE` where
 *   the browser has no locks, which are for secure contexts only.
 */
export async function holdWebLock(name: string): Promise<() => Promise<void>> {
  // Absent on pages without https, and outside browsers.
  if (!('navigator' in globalThis && 'locks' in navigator)) {
    throw new TypystDbError(
      'STORAGE_UNAVAILABLE',
      'The browser offers no Web Locks here, so a second tab could not be kept out. Serve the page over https or from localhost.',
    )
  }
  return new Promise((resolve, reject) => {
    const request: Promise<unknown> = navigator.locks.request(
      databaseLock(name),
      { ifAvailable: true },
      async (lock) => {
        if (!lock) {
          throw new TypystDbError(
            'DATABASE_IN_USE',
            'The database is open already, in this tab or another one. Close it there and try again.',
          )
        }
        await new Promise<void>((release) => {
          resolve(async () => {
            release()
            await request
          })
        })
      },
    )
    request.catch(reject)
  })
}
