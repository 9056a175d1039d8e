/** Tells who has a database open, without disturbing anybody. */
import type { DataLocation } from '../../pglite/data-location.ts'
import { databaseLock, workerLock } from './names.ts'

/** Who holds the lock of a database. */
export type LockHolder =
  { readonly kind: 'nobody' } | { readonly kind: 'page' } | { readonly kind: 'worker'; readonly workerId: string }

/**
 * Looks at the locks of the origin. Each worker holds a lock with its id before it asks for a database, so the context
 * that holds both is a worker; any other holder has the database open in a page.
 */
export async function findHolder(name: string): Promise<LockHolder> {
  const { held = [] } = await navigator.locks.query()
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
  const { held = [], pending = [] } = await navigator.locks.query()
  return [...held, ...pending].some((lock) => lock.name === databaseLock(location.name))
}

/** Whether a worker has a database open, or is about to. */
export async function isHolder(name: string, workerId: string): Promise<boolean> {
  const holder = await findHolder(name)
  return holder.kind === 'worker' && holder.workerId === workerId
}
