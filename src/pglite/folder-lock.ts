/**
 * Keeps a data folder to one opener at a time: PGlite itself takes no lock, and two on one folder corrupt it
 * (https://github.com/electric-sql/pglite/issues/323). Node's modules come from `process.getBuiltinModule`, so that a
 * browser's bundle holds no `node:` import.
 */
import { TypystDbError } from '../errors.ts'
import { isErrorCode } from '../internal/is-error-code.ts'

/** Who holds a folder. A process id alone may be used again after a restart, so the process's start time goes with it. */
interface Holder {
  readonly pid: number
  readonly startedAt: string
  readonly token: string
}

/**
 * Takes a folder until the returned function is called or the process ends, however it ends: the lock of a process that
 * is gone is taken over.
 *
 * @param folder - The data folder; the lock is a file beside it, `<folder>.lock`.
 * @throws TypystDbError `DATABASE_IN_USE` at once when another opener, in this process or another, holds it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const path = process.getBuiltinModule('node:path')
  const lockFile = `${path.resolve(folder)}.lock`
  const own: Holder = { pid: process.pid, startedAt: await startTime(process.pid), token: crypto.randomUUID() }
  const draft = `${lockFile}.${own.token}`
  await fs.mkdir(path.dirname(lockFile), { recursive: true })
  // Written first and linked then, so that the lock never exists without its content.
  await fs.writeFile(draft, JSON.stringify(own))
  try {
    await take(lockFile, draft)
  } finally {
    await fs.rm(draft, { force: true })
  }
  return async () => {
    if ((await readHolder(lockFile))?.token === own.token) await fs.rm(lockFile, { force: true })
  }
}

/**
 * Makes `file` name the draft's process. A stale one is replaced in one step, and only by whoever holds a second lock,
 * named after the stale holder: removing it first would let a slow taker remove the next holder's lock instead.
 */
async function take(file: string, draft: string): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises')
  while (!(await tryLink(draft, file))) {
    const holder = await readHolder(file)
    if (!holder) continue
    if (await isAlive(holder)) {
      throw new TypystDbError(
        'DATABASE_IN_USE',
        'The data folder is open already, here or in another process. Close it there, or use another folder.',
      )
    }
    const claim = `${file}.${holder.token}`
    await take(claim, draft)
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
    const holder: unknown = JSON.parse(await process.getBuiltinModule('node:fs/promises').readFile(lockFile, 'utf8'))
    return isHolder(holder) ? holder : nobody
  } catch (cause) {
    if (isErrorCode(cause, 'ENOENT')) return undefined
    if (cause instanceof SyntaxError) return nobody
    throw cause
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
  const { pid, startedAt, token } = value as Partial<Record<keyof Holder, unknown>>
  // The token becomes part of a file's name.
  return typeof pid === 'number' && typeof startedAt === 'string' && /^[\w-]{1,64}$/.test(String(token))
}
