/**
 * Keeps a data folder to one opener at a time: PGlite itself takes no lock, and two on one folder corrupt it
 * (https://github.com/electric-sql/pglite/issues/323). Node's modules come from `process.getBuiltinModule`, so that a
 * browser's bundle holds no `node:` import.
 *
 * Two locks do that. The one beside the folder guards it while it is made, and is all that earlier releases know. The one
 * inside is seen by another container too that mounts nothing but the folder.
 *
 * A process that shares this one's ids of processes is asked for. One in another container or on another machine cannot be,
 * so every holder writes to its locks each two seconds, from a thread of its own that no statement holds up. A foreign lock
 * that nobody has written to for fifteen is taken over. Its holder may only have been frozen: it looks at the locks before
 * each statement that comes after a pause, and runs none once one of them is another's.
 */
import { isErrorCode } from '../internal/is-error-code.ts'
import { takeLockFile } from './lock-file.ts'
import type { LockFile } from './lock-file.ts'
import { databaseNames, draftName, namesIn } from './folder-names.ts'
import { realFolder } from './real-folder.ts'
import { createSigner } from './sign-locks.ts'

/** A folder that is held; calling it lets go. */
export interface FolderLock {
  (): Promise<void>
  /** Whether it still is, at the price of reading two small files when the last look was a while ago. */
  readonly isHeld: () => boolean
  /** Takes the lock inside too, of a folder that was not there before. */
  readonly lockInside: () => Promise<void>
}

/**
 * Takes a folder until the returned function is called or the process ends, however it ends: the locks of a process that
 * is gone are taken over.
 *
 * @param folder - The data folder, or a link to it. Its locks are `<folder>.lock` beside the real one and, where it is
 *   there and is no other program's, `typyst.lock` inside.
 * @throws TypystDbError `DATABASE_IN_USE` at once when another opener, in this process or another, holds it.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const real = await realFolder(folder)
  const signer = createSigner()
  const held: LockFile[] = []
  const hold = async (file: string, place?: string) => {
    const lock = await takeLockFile(file, place)
    held.push(lock)
    signer.sign(lock)
  }
  const lockInside = async () => {
    try {
      await hold(`${real}/typyst.lock`, await placeOf(real))
    } catch (cause) {
      // There are file systems without hard links, where the lock beside has to do.
      if (held.length === 0 || !hasCode(cause, noLinks)) throw cause
    }
  }
  const letGo = async () => {
    await signer.stop()
    for (const lock of [...held].reverse()) await lock.release()
  }
  try {
    const isInside = await mayBeOurs(real)
    await hold(`${real}.lock`).catch((cause: unknown) => {
      // Beside a volume there may be nothing that can be written to.
      if (!isInside || !hasCode(cause, readOnly)) throw cause
    })
    if (isInside) await lockInside()
  } catch (cause) {
    await letGo()
    throw cause
  }
  return Object.assign(letGo, { isHeld: () => held.every((lock) => lock.isHeld()), lockInside })
}

const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']
const readOnly = ['EROFS', 'EACCES', 'EPERM']

function hasCode(cause: unknown, codes: readonly string[]): boolean {
  return codes.some((code) => isErrorCode(cause, code))
}

/** Whether a folder is there, and holds a database, the beginning of one, or nothing: to another's nothing is added. */
async function mayBeOurs(folder: string): Promise<boolean> {
  const names = await namesIn(folder)
  if (!names) return false
  const others = databaseNames(names)
  return others.length === 0 || others.includes('PG_VERSION') || names.includes(draftName)
}

/** A folder by its number in its file system, which a copy of it has not. */
async function placeOf(folder: string): Promise<string> {
  const { dev, ino } = await process.getBuiltinModule('node:fs/promises').stat(folder, { bigint: true })
  return `${dev} ${ino}`
}
