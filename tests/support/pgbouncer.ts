/** Starts a real pgBouncer in front of a server, where one is installed. */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findFreePort, findOwner } from './postgres-server.ts'

/** A running pooler in transaction mode; disposing it stops it. */
export interface PgBouncer extends AsyncDisposable {
  /** The server's URL, through the pooler. */
  readonly url: string
  /** Ends it without a word to its clients, and starts it again on the same port. */
  restart(): Promise<void>
}

/** What to say where there is none. */
export const pgBouncerAdvice =
  'pgBouncer is not installed, so its tests do not run. Install it (Debian: apt-get install pgbouncer) or name it with PGBOUNCER_PATH.'

/** The path of the installed pgBouncer, if any. */
export function findPgBouncer(): string | undefined {
  for (const path of [process.env['PGBOUNCER_PATH'] ?? 'pgbouncer', '/usr/sbin/pgbouncer']) {
    try {
      execFileSync(path, ['--version'], { stdio: 'ignore' })
      return path
    } catch {
      // Not here: try the next.
    }
  }
  return undefined
}

/** Starts it in front of the server of this URL. */
export async function startPgBouncer(binary: string, serverUrl: string): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-pgbouncer-'))
  const server = new URL(serverUrl)
  const port = await findFreePort()
  const owner = await findOwner()
  const usersFile = join(folder, 'users.txt')
  const configFile = join(folder, 'pgbouncer.ini')
  await writeFile(usersFile, `"${server.username}" "${server.password}"\n`)
  await writeFile(
    configFile,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${usersFile}
pool_mode = transaction
default_pool_size = 4
server_login_retry = 0
`,
  )
  await chmod(folder, 0o755)
  if (owner) for (const path of [usersFile, configFile]) await chown(path, owner.uid, owner.gid)
  const begin = async (): Promise<ChildProcess> => {
    const child = spawn(binary, [configFile], { ...owner, stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`pgBouncer did not start:\n${log}`)))
      createInterface({ input: child.stderr }).on('line', (line) => {
        log += `${line}\n`
        if (line.includes('process up')) resolve()
      })
    })
    return child
  }
  let child = await begin()
  const stop = async () => {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  const url = new URL(serverUrl)
  url.port = String(port)
  return {
    url: url.href,
    async restart() {
      await stop()
      child = await begin()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
