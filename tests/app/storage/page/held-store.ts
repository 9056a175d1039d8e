/** A store while another page stands still in the middle of a transaction. */
import { isTypystDbError } from '../../../../src/errors.ts'
import { createBlockStore } from '../../../../src/app/storage/block-store.ts'
import { databaseName } from '../../../../src/app/storage/format.ts'
import { difference, listFiles, listStore, mountStore, putDatabase, putFile } from './file-system.ts'

/** Codes that things failed with, or what else they came to. */
export interface HeldStoreReport {
  readonly flush: string
  readonly nextFlush: string
  readonly large: string
  readonly open: string
  /** After the other page has let go: what was missing, if anything. */
  readonly missing: string | undefined
  /** A flush of a store that another one has pushed aside, after one that was stored although it had failed. */
  readonly pushedAside: string
}

/** Asks a store for everything a leader asks of it while all of its object stores are held. */
export async function runHeldStore(name: string): Promise<HeldStoreReport> {
  const leader = () => createBlockStore({ name, durability: 'strict', leaderTimeoutMs: 250 })
  const first = leader()
  const mounted = await mountStore(first)
  const { files } = mounted
  const sync = () => mounted.sync()
  const put = (path: string, content: number | string) => putFile(files, path, content)
  putDatabase(files)
  await sync()

  const letGo = await hold(name)
  put('small', 10)
  const flush = await outcomeOf(sync())
  put('smaller', 5)
  const nextFlush = await outcomeOf(sync())
  put('large', 1024 * 1024)
  const large = await outcomeOf(sync())
  const open = await outcomeOf(leader().open())
  letGo()

  await sync()
  const fresh = createBlockStore({ name, durability: 'strict' })
  const missing = difference(listFiles(files), await listStore(fresh))
  await fresh.close()

  const letGoAgain = await hold(name)
  put('late', 1)
  await outcomeOf(sync())
  letGoAgain()
  const second = leader()
  await second.open()
  put('later', 1)
  const pushedAside = await outcomeOf(sync())
  await Promise.allSettled([first.close(), second.close()])
  return { flush, nextFlush, large, open, missing, pushedAside }
}

/** Keeps every object store of a database until it is told to let go. */
async function hold(name: string): Promise<() => void> {
  const opening = indexedDB.open(databaseName(name))
  const database = await new Promise<IDBDatabase>((resolve) => {
    opening.onsuccess = () => resolve(opening.result)
  })
  const transaction = database.transaction(database.objectStoreNames, 'readwrite')
  let isHeld = true
  await new Promise<void>((resolve) => {
    const ask = (): void => {
      transaction.objectStore('meta').get('format').onsuccess = () => {
        resolve()
        if (isHeld) ask()
        else database.close()
      }
    }
    ask()
  })
  return () => (isHeld = false)
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'stored'
  } catch (cause) {
    return isTypystDbError(cause) ? cause.code : String(cause)
  }
}
