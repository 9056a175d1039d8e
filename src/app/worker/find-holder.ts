/** Tells who has a database open, without disturbing anybody. */
import type { DataLocation } from '../../pglite/data-location.ts'
import { databaseLock, holderLock, workerLock } from './names.ts'

/** Who holds the lock of a database; `unknown` where the browser does not tell, and the holder has to be asked. */
export type LockHolder =
  { readonly kind: 'nobody' | 'page' | 'unknown' } | { readonly kind: 'worker'; readonly workerId: string }

/**
 * Looks at the locks of the origin. Each worker holds a lock with its id before it asks for a database, so the context
 * that holds both is a worker; any other holder has the database open in a page.
 *
 * @param presumed - The worker that is said to hold it.
 */
export async function findHolder(name: string, presumed?: string): Promise<LockHolder> {
  const locks = await navigator.locks.query().catch(() => undefined)
  if (!locks) return findShownHolder(name, presumed)
  const { held = [] } = locks
  const database = held.find((lock) => lock.name === databaseLock(name))
  if (!database) return { kind: 'nobody' }
  const prefix = workerLock('')
  for (const lock of held) {
    if (lock.clientId === database.clientId && lock.name?.startsWith(prefix)) {
      return { kind: 'worker', workerId: lock.name.slice(prefix.length) }
    }
  }
  return { kind: 'page' }
}

/** Whether anybody has a database open or waits for a turn to. */
export async function hasSuccessor(location: DataLocation): Promise<boolean> {
  if (location.kind !== 'indexeddb') return false
  const { held = [], pending = [] } = await navigator.locks.query().catch(() => ({ held: [], pending: [] }))
  return [...held, ...pending].some((lock) => lock.name === databaseLock(location.name))
}

/** Whether a worker has a database open, or is about to. */
export async function isHolder(name: string, workerId: string): Promise<boolean> {
  const holder = await findHolder(name, workerId)
  return holder.kind === 'worker' && holder.workerId === workerId
}

/** Where nobody may look at all locks, one can still be tried. */
async function findShownHolder(name: string, presumed: string | undefined): Promise<LockHolder> {
  if (presumed !== undefined && (await isTaken(holderLock(name, presumed)))) {
    return { kind: 'worker', workerId: presumed }
  }
  return { kind: (await isTaken(holderLock(name))) ? 'page' : 'unknown' }
}

function isTaken(lockName: string): Promise<boolean> {
  // Shared, so that two who look do not take each other for the holder.
  return navigator.locks.request(lockName, { ifAvailable: true, mode: 'shared' }, (lock) => lock === null)
}
