/**
 * A file that names who holds something. It exists with its content or not at all, and what a process leaves that is gone is
 * taken over by exactly one.
 */
import { TypystDbError } from '../errors.ts'
import { isErrorCode } from '../internal/is-error-code.ts'

/** Who holds a lock. A process id alone may be used again after a restart, so the process's start time goes with it. */
export interface Holder {
  readonly pid: number
  readonly startedAt: string
  readonly token: string
  /** Within what the id of the process means something; locks of earlier releases do not tell. */
  readonly host?: string | undefined
  /** Which folder a lock inside of it is of: it may be copied with everything else there. */
  readonly place?: string | undefined
}

/** A lock file that names this process. */
export interface LockFile {
  readonly file: string
  readonly token: string
  /** Whether it still does, at the price of reading a small file when the last look was a while ago. */
  isHeld(): boolean
  /** Removes it, unless it is another's by now. */
  release(): Promise<void>
}

/** How often a holder gives a sign of life, by writing to its lock; in milliseconds. */
export const signMs = 2_000
/** Without one for that long, a holder that cannot be asked for is taken for gone. */
const staleMs = 15_000

/**
 * Takes a lock.
 *
 * @param place - Of which folder it is, for a lock that may be copied with the folder.
 * @throws TypystDbError `DATABASE_IN_USE` at once when another opener, in this process or another, holds it.
 */
export async function takeLockFile(file: string, place?: string): Promise<LockFile> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const own: Holder = {
    pid: process.pid,
    startedAt: await startTime(process.pid),
    token: crypto.randomUUID(),
    host: await hostName(),
    place,
  }
  const draft = `${file}.${own.token}`
  try {
    // Written first and linked then, so that the lock never exists without its content.
    await fs.writeFile(draft, JSON.stringify(own))
    await take(file, draft, own)
  } finally {
    await fs.rm(draft, { force: true })
  }
  return {
    file,
    token: own.token,
    isHeld: watchLock(file, own),
    async release() {
      if ((await readHolder(file))?.token === own.token) await fs.rm(file, { force: true })
    },
  }
}

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
    // A holder of another folder, of which this one is a copy, says nothing about this one by being alive.
    const isForeign = (holder.host !== undefined && holder.host !== own.host) || holder.place !== own.place
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
  const { pid, startedAt, token, host, place } = value as Partial<Record<keyof Holder, unknown>>
  if (typeof pid !== 'number' || typeof startedAt !== 'string') return false
  // The token becomes part of a file's name.
  const isTextOrMissing = (field: unknown) => field === undefined || typeof field === 'string'
  return /^[\w-]{1,64}$/.test(String(token)) && isTextOrMissing(host) && isTextOrMissing(place)
}
