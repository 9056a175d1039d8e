/** A store into which deposed leaders still put their marks while it is read. */
import { createBlockStore } from '../../../../src/app/storage/block-store.ts'
import { blockBytes, storeNames } from '../../../../src/app/storage/format.ts'
import type { IndexedDbFactory } from '../../../../src/app/storage/indexed-db.ts'
import { defaultLimits } from '../../../../src/app/storage/pack.ts'
import { isTypystDbError } from '../../../../src/errors.ts'
import { createWatchedFactory } from './watched-factory.ts'
import { difference, listFiles, listStore, mountStore, putDatabase, putFile } from './file-system.ts'

/** Stores what makes a database one. */
async function storeDatabase(name: string): Promise<void> {
  const store = createBlockStore({ name, durability: 'strict' })
  const mounted = await mountStore(store)
  const { files } = mounted
  putDatabase(files)
  await mounted.sync()
  await store.close()
}

/**
 * Lets a leader that was overtaken, and does not know, store so much that it goes into blocks.
 *
 * @returns The code of that, and what of it is there all the same.
 */
export async function runOvertakenStore(
  name: string,
): Promise<{ code: string | undefined; stored: string | undefined }> {
  await storeDatabase(name)
  const limits = { ...defaultLimits, packFromBlocks: 2 }
  const overtaken = createBlockStore({ name, durability: 'strict', limits })
  const mounted = await mountStore(overtaken)
  const leader = createBlockStore({ name, durability: 'strict', leaderTimeoutMs: 60_000 })
  const led = await mountStore(leader)
  putFile(led.files, 'of the leader', 10)
  await led.sync()
  putFile(mounted.files, 'of the overtaken', 10 * blockBytes)
  const code = await mounted.sync().then(
    () => undefined,
    (cause: unknown) => (isTypystDbError(cause) ? cause.code : String(cause)),
  )
  const fresh = createBlockStore({ name, durability: 'strict' })
  const stored = difference(listFiles(led.files), await listStore(fresh))
  await fresh.close()
  await leader.close()
  overtaken.abandon()
  return { code, stored }
}

/**
 * Opens a store that gets a mark between the two readings of each of its first attempts, and stores something in it.
 *
 * @param marks - In how many attempts.
 * @returns What is not there in the end, if anything, or the code that opening fails with.
 */
export async function runDisturbedStore(name: string, marks: number): Promise<string | undefined> {
  await storeDatabase(name)

  const disturbed = createBlockStore({ name, durability: 'strict', factory: createMarkingFactory(marks) })
  try {
    const mounted = await mountStore(disturbed)
    putFile(mounted.files, 'later', 10)
    await mounted.sync()
    const stored = await listStore(createBlockStore({ name, durability: 'strict' }))
    return difference(listFiles(mounted.files), stored)
  } catch (cause) {
    return isTypystDbError(cause) ? cause.code : String(cause)
  } finally {
    await disturbed.close()
  }
}

/**
 * Opens a store as a leader whose predecessor still writes, and gets in first each time.
 *
 * @param marks - How often that one takes the number that was to be the leader's.
 * @returns The code that opening fails with, if any.
 */
export async function runContestedStore(name: string, marks: number): Promise<string | undefined> {
  await storeDatabase(name)

  let readings = 0
  const factory = createWatchedFactory((database) => {
    const begin = database.transaction.bind(database)
    Object.defineProperty(database, 'transaction', {
      value: (...args: Parameters<IDBDatabase['transaction']>) => {
        const transaction = begin(...args)
        const readsJournal = transaction.mode === 'readonly' && transaction.objectStoreNames.length === 1
        if (readsJournal && transaction.objectStoreNames[0] === storeNames.journal && readings++ < marks) mark(begin)
        return transaction
      },
    })
  })
  const contested = createBlockStore({ name, durability: 'strict', factory, leaderTimeoutMs: 60_000 })
  try {
    await contested.open()
    return undefined
  } catch (cause) {
    return isTypystDbError(cause) ? cause.code : String(cause)
  } finally {
    await contested.close()
  }
}

/** The real IndexedDB, where a mark follows each of the first transactions that begin to read everything. */
function createMarkingFactory(marks: number): IndexedDbFactory {
  const scope = Object.keys(storeNames).length
  let readings = 0
  return createWatchedFactory((database) => {
    const begin = database.transaction.bind(database)
    Object.defineProperty(database, 'transaction', {
      value: (...args: Parameters<IDBDatabase['transaction']>) => {
        const transaction = begin(...args)
        const readsAll = transaction.mode === 'readonly' && transaction.objectStoreNames.length === scope
        // An attempt reads what there is, and then all of that.
        if (readsAll && readings++ % 2 === 0 && readings <= 2 * marks) mark(begin)
        return transaction
      },
    })
  })
}

/** Stores an empty flush of somebody else, right behind the transaction that was begun last. */
function mark(begin: IDBDatabase['transaction']): void {
  const journal = begin(storeNames.journal, 'readwrite').objectStore(storeNames.journal)
  const last = journal.openKeyCursor(null, 'prev')
  last.onsuccess = () => journal.add({ writer: crypto.randomUUID() }, Number(last.result?.key) + 1)
}
