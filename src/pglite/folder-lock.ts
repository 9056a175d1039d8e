/**
 * Keeps a data folder to one opener at a time: PGlite itself takes no lock, and two on one folder corrupt it
 * (https://github.com/electric-sql/pglite/issues/323). Node's modules come from `process.getBuiltinModule`, so that a
 * browser's bundle holds no `node:` import.
 *
 * A process that shares this one's ids of processes is asked for. One in another container or on another machine cannot be,
 * so every holder writes to its lock each two seconds, from a thread of its own that no statement holds up. A foreign lock
 * that nobody has written to for fifteen is taken over. Its holder may only have been frozen: it looks at the lock before
 * each statement that comes after a pause, and runs none once the lock is another's.
 */
import { TypystDbError } from '../errors.ts'
import { isErrorCode } from '../internal/is-error-code.ts'
import { realFolder } from './real-folder.ts'

/** Who holds a folder. A process id alone may be used again after a restart, so the process's start time goes with it. */
interface Holder {
  readonly pid: number
  readonly startedAt: string
  readonly token: string
  /** Within what the id of the process means something; locks of earlier releases do not tell. */
  readonly host?: string | undefined
}

/** A lock that is held; calling it lets go. */
export interface FolderLock {
  (): Promise<void>
  /** Whether it still is, at the price of reading a small file when the last look was a while ago. */
  readonly isHeld: () => boolean
}

/** How often a holder gives a sign of life. */
const signMs = 2_000
/** Without one for that long, a foreign holder is taken for gone. */
const staleMs = 15_000

/**
 * Takes a folder until the returned function is called or the process ends, however it ends: the lock of a process that
 * is gone is taken over.
 *
 * @param folder - The data folder; the lock is a file beside it, `<folder>.lock`, beside the real one where it is a link.
 * @throws TypystDbError `DATABASE_IN_USE` at once when another opener, in this process or another, holds it.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const lockFile = `${await realFolder(folder)}.lock`
  const own: Holder = {
    pid: process.pid,
    startedAt: await startTime(process.pid),
    token: crypto.randomUUID(),
    host: await hostName(),
  }
  const draft = `${lockFile}.${own.token}`
  // Written first and linked then, so that the lock never exists without its content.
  await fs.writeFile(draft, JSON.stringify(own))
  try {
    await take(lockFile, draft, own)
  } finally {
    await fs.rm(draft, { force: true })
  }
  const stopSigning = keepSigning(lockFile, own)
  const unlock = async () => {
    await stopSigning()
    if ((await readHolder(lockFile))?.token === own.token) await fs.rm(lockFile, { force: true })
  }
  return Object.assign(unlock, { isHeld: watchLock(lockFile, own) })
}

/** Writes to the lock again and again, for those who cannot see whether this process lives. */
function keepSigning(lockFile: string, { token }: Holder): () => Promise<unknown> {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  // Where threads are not allowed, or end, the lock gives no signs and may be taken over from afar, which `isHeld` notices.
  try {
    const worker = new Worker(signing, { eval: true, execArgv: [], workerData: { lockFile, token, signMs } })
    worker.on('error', () => undefined)
    worker.unref()
    return () => worker.terminate()
  } catch {
    return () => Promise.resolve()
  }
}

/** Runs in a thread. Through one descriptor, so that it never writes to the lock of the next holder. */
const signing = `
  const { closeSync, openSync, readFileSync, writeSync } = require('node:fs')
  const { lockFile, token, signMs } = require('node:worker_threads').workerData
  setInterval(() => {
    let file
    try {
      file = openSync(lockFile, 'r+')
      const content = readFileSync(file, 'utf8')
      if (JSON.parse(content).token === token) writeSync(file, content, 0)
    } catch {
      // Gone, or not to be reached now.
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }, signMs)`

function watchLock(lockFile: string, { token }: Holder): () => boolean {
  const { readFileSync } = process.getBuiltinModule('node:fs')
  let isHeld = true
  let lookedAt = performance.now()
  return () => {
    const now = performance.now()
    // Taking it over takes longer than that.
    if (!isHeld || now - lookedAt < staleMs / 2) return isHeld
    try {
      isHeld = parseHolder(readFileSync(lockFile, 'utf8')).token === token
    } catch (cause) {
      isHeld = !isErrorCode(cause, 'ENOENT')
    }
    lookedAt = now
    return isHeld
  }
}

/**
 * Makes `file` name the draft's process. A stale one is replaced in one step, and only by whoever holds a second lock,
 * named after the stale holder: removing it first would let a slow taker remove the next holder's lock instead.
 */
async function take(file: string, draft: string, own: Holder): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises')
  while (!(await tryLink(draft, file))) {
    const holder = await readHolder(file)
    if (!holder) continue
    const isForeign = holder.host !== undefined && holder.host !== own.host
    if (await (isForeign ? hasSigned(file, draft) : isAlive(holder))) {
      throw new TypystDbError(
        'DATABASE_IN_USE',
        isForeign
          ? 'The data folder is open in another container or on another machine, or was until a moment ago. Close it there; a holder that is gone loses it after 15 seconds.'
          : 'The data folder is open already, here or in another process. Close it there, or use another folder.',
      )
    }
    const claim = `${file}.${holder.token}`
    await take(claim, draft, own)
    try {
      // Whoever held the claim before may have replaced it meanwhile.
      if ((await readHolder(file))?.token !== holder.token) continue
      await fs.link(draft, `${draft}.new`)
      await fs.rename(`${draft}.new`, file)
      return
    } finally {
      await fs.rm(claim, { force: true })
    }
  }
}

/** Whether a lock was written to lately, by the clock of the file system it shares with the draft. */
async function hasSigned(file: string, draft: string): Promise<boolean> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const probe = `${draft}.now`
  await fs.writeFile(probe, '')
  try {
    const [signed, now] = [await fs.stat(file), await fs.stat(probe)]
    return now.mtimeMs - signed.mtimeMs < staleMs
  } catch (cause) {
    // Let go of meanwhile: the next look finds no lock.
    if (isErrorCode(cause, 'ENOENT')) return false
    throw cause
  } finally {
    await fs.rm(probe, { force: true })
  }
}

/** The machine since it started, and on Linux the namespace of process ids, of which each container has its own. */
async function hostName(): Promise<string> {
  const fs = process.getBuiltinModule('node:fs/promises')
  try {
    const boot = await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${boot.trim()} ${await fs.readlink('/proc/self/ns/pid')}`
  } catch {
    return process.getBuiltinModule('node:os').hostname()
  }
}

async function tryLink(draft: string, file: string): Promise<boolean> {
  try {
    await process.getBuiltinModule('node:fs/promises').link(draft, file)
    return true
  } catch (cause) {
    if (isErrorCode(cause, 'EEXIST')) return false
    throw cause
  }
}

/** Who the lock names: nobody when there is none, and a process that cannot live when a failing disk garbled it. */
async function readHolder(lockFile: string): Promise<Holder | undefined> {
  try {
    return parseHolder(await process.getBuiltinModule('node:fs/promises').readFile(lockFile, 'utf8'))
  } catch (cause) {
    if (isErrorCode(cause, 'ENOENT')) return undefined
    throw cause
  }
}

function parseHolder(text: string): Holder {
  try {
    const holder: unknown = JSON.parse(text)
    return isHolder(holder) ? holder : nobody
  } catch {
    return nobody
  }
}

const nobody: Holder = { pid: 0, startedAt: '', token: 'garbled' }

async function isAlive({ pid, startedAt }: Holder): Promise<boolean> {
  if (pid === nobody.pid) return false
  try {
    process.kill(pid, 0)
  } catch (cause) {
    // EPERM: it lives and belongs to somebody else.
    if (!isErrorCode(cause, 'EPERM')) return false
  }
  const current = await startTime(pid)
  return startedAt === '' || current === '' || current === startedAt
}

/** When a process started, in Linux's own unit; empty where the system does not tell. */
async function startTime(pid: number): Promise<string> {
  try {
    const stat = await process.getBuiltinModule('node:fs/promises').readFile(`/proc/${pid}/stat`, 'utf8')
    // Field 22 of proc_pid_stat(5), counted after the command's name, which may hold spaces and ends in ")".
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false
  const { pid, startedAt, token, host } = value as Partial<Record<keyof Holder, unknown>>
  if (typeof pid !== 'number' || typeof startedAt !== 'string') return false
  // The token becomes part of a file's name.
  return /^[\w-]{1,64}$/.test(String(token)) && (host === undefined || typeof host === 'string')
}
