/** Makes Chromium begin a new log before anything is written behind the torn end of an old one. */
import { deleteStoreDatabase, requestResult } from './indexed-db.ts'
import type { IndexedDbFactory } from './indexed-db.ts'
import { isChromium } from './browser-engine.ts'

/** Chromium's own addition to the event. */
interface ChromiumVersionChangeEvent extends IDBVersionChangeEvent {
  readonly dataLoss?: 'none' | 'total'
}

/** How long all of it may take before a page that stands still is taken to hold the database, in milliseconds. */
const takesAtMostMs = 5000

/**
 * To be called first, whenever a database is opened. Chromium keeps the IndexedDB of an origin in LevelDB, whose log a
 * killed browser or a full disk can leave with half a record at its end. The next session skips that half and writes
 * behind it; the session after that finds a record that is broken in the middle of the log, and then Chromium deletes
 * every database of the origin (https://github.com/google/leveldb/issues/1287). Deleting a database makes Chromium
 * compact, and compacting puts the log aside, here after 2 ms and some 2 KB. Other browsers have no such log, and are left
 * alone.
 *
 * @param name - Of a database that nobody else uses; it is gone again afterwards.
 * @returns Whether the browser has deleted what there was since it last ran, as Chromium tells the first who creates one.
 */
export async function beginFreshLog(factory: IndexedDbFactory, name: string): Promise<boolean> {
  if (!isChromium()) return false
  let timer: ReturnType<typeof setTimeout> | undefined
  const givenUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), takesAtMostMs)
  })
  try {
    // What was given up goes on by itself once it can, so the database is closed and deleted all the same.
    return await Promise.race([createAndDelete(factory, name), givenUp])
  } finally {
    clearTimeout(timer)
  }
}

async function createAndDelete(factory: IndexedDbFactory, name: string): Promise<boolean> {
  let hasLostData = false
  try {
    const request = factory.open(name)
    request.onupgradeneeded = (event: ChromiumVersionChangeEvent) => {
      hasLostData = event.dataLoss === 'total'
    }
    const database = await requestResult(request)
    database.close()
    await deleteStoreDatabase(factory, name)
  } catch {
    // It is a precaution: what prevents it, as a full disk does, is reported by whoever needs to write.
  }
  return hasLostData
}
