/** Starts real Postgres 18 servers from the binaries on npm, each in a temporary folder of its own. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { copyPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'

/** A running server; disposing it stops it and deletes its data. */
export interface PostgresServer extends AsyncDisposable {
  /** Connects as the superuser `postgres` with a password, to the database `postgres`. */
  readonly url: string
  readonly port: number
  /** Shuts the server down; its data and its port stay for `restart()`. */
  stop(mode?: PostgresStopMode): Promise<void>
  /** Stops the server if it runs, and starts it again on the same port. */
  restart(mode?: PostgresStopMode): Promise<void>
}

/**
 * How a server goes down: `smart` waits for clients to leave, `fast` (the default) disconnects them, and `immediate`
 * is the crash: nothing is written, and the next start recovers. `kill` does not even let it tell its own processes, which
 * end a moment later; a start may fail until they have.
 */
export type PostgresStopMode = 'smart' | 'fast' | 'immediate' | 'kill'

const stopSignals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const

/** Postgres refuses to run as root; these users exist on practically every system. */
const unprivilegedUsers = ['postgres', 'nobody']

/** Starts a server on a free port of 127.0.0.1, with password authentication and without durability. */
export async function startPostgresServer(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-postgres-'))
  const guard = startGuard(folder)
  try {
    const owner = await findOwner()
    const binaries = await copyPostgresBinaries(folder)
    const password = randomBytes(16).toString('hex')
    await initialize(folder, binaries, owner, password)

    const first = await startOnFreePort(folder, binaries, owner)
    const port = first.port
    let child = first.child
    const stop = async (mode: PostgresStopMode = 'fast'): Promise<void> => {
      if (hasExited(child)) return
      const exited = once(child, 'exit')
      child.ref()
      child.kill(stopSignals[mode])
      await exited
    }
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      port,
      stop,
      restart: async (mode) => {
        await stop(mode)
        child = await start(folder, binaries, owner, port)
      },
      [Symbol.asyncDispose]: async () => {
        await stop('immediate')
        await endGuard(guard)
      },
    }
  } catch (error) {
    await endGuard(guard)
    throw error
  }
}

/** Whom Postgres runs as, when that is not the current user. */
interface Owner {
  readonly uid: number
  readonly gid: number
}

/** The guard deletes the folder in every case, so that an aborted run leaves nothing behind either. */
function startGuard(folder: string): ChildProcess {
  const script = fileURLToPath(new URL('postgres-guard.mjs', import.meta.url))
  const guard = spawn(process.execPath, [script, folder], { stdio: ['pipe', 'ignore', 'inherit'], detached: true })
  // A process that forgets to dispose its server ends all the same, and the guard then does its work.
  guard.unref()
  if (guard.stdin instanceof Socket) guard.stdin.unref()
  return guard
}

async function endGuard(guard: ChildProcess): Promise<void> {
  const exited = once(guard, 'exit')
  guard.ref()
  guard.stdin?.end()
  await exited
}

/** Whom to run a server as; nobody else when this process is not root. */
export async function findOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const user of unprivilegedUsers) {
    try {
      const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, user])).stdout))
      return { uid: Number(uid), gid: Number(gid) }
    } catch {
      // This system has no such user: try the next.
    }
  }
  throw new Error(
    `Postgres does not run as root, and there is no user ${unprivilegedUsers.join(' or ')} to run it as. ` +
      'Run the tests as another user, or set TEST_DATABASE_URL.',
  )
}

async function initialize(
  folder: string,
  { initdb }: PostgresBinaries,
  owner: Owner | undefined,
  password: string,
): Promise<void> {
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  await mkdir(data)
  await writeFile(passwordFile, password)
  if (owner !== undefined) {
    // The temporary folder itself stays root's: others may pass through it to the two things they own inside.
    await chmod(folder, 0o711)
    for (const path of [data, passwordFile]) await chown(path, owner.uid, owner.gid)
  }
  await run(
    initdb,
    [
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--no-sync',
    ],
    { ...owner, cwd: folder, env: serverEnvironment() },
  )
  await rm(passwordFile)
}

async function startOnFreePort(
  folder: string,
  binaries: PostgresBinaries,
  owner: Owner | undefined,
): Promise<{ child: ChildProcess; port: number }> {
  // Postgres cannot choose a port by itself, and another program may take the one found before Postgres does.
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort()
    try {
      return { child: await start(folder, binaries, owner, port), port }
    } catch (error) {
      if (attempt === 3) throw error
    }
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  const closed = once(probe, 'close')
  probe.close()
  await closed
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  return address.port
}

/** Resolves when the server accepts connections, and rejects with the end of its log when it exits instead. */
async function start(
  folder: string,
  { postgres }: PostgresBinaries,
  owner: Owner | undefined,
  port: number,
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    // Test data need not outlive the machine.
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    timezone: 'UTC',
  }
  const child = spawn(
    postgres,
    [
      ...['-D', join(folder, 'data'), '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    // Of its own process group: Ctrl-C is for the test runner, which then stops the server.
    { ...owner, cwd: folder, env: serverEnvironment(), stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  )
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`Postgres did not start:\n${log}`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      log = `${log}${line}\n`.slice(-4000)
      if (line.includes('database system is ready to accept connections')) resolve()
    })
  })
  // From here on a process that has nothing else to do may end; the guard stops the server then.
  child.unref()
  if (child.stderr instanceof Socket) child.stderr.unref()
  return child
}

/** English messages, which `start` reads, and none of the `PG*` variables that would change the server's mind. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name))
  return { ...Object.fromEntries(inherited), LC_ALL: 'C' }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

const run = promisify(execFile)
