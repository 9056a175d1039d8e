/** Stops the processes of a server where they stand, which is how a host that hangs looks from outside. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import postgres from 'postgres'

/** Frozen processes; disposing it lets them go on. */
export interface FrozenServer extends Disposable {
  thaw(): void
}

/** Freezes a whole server, its sessions included. */
export async function freezeServer(url: string): Promise<FrozenServer> {
  const admin = postgres(url, { max: 1 })
  const rows = await admin<{ pid: number }[]>`select pid from pg_stat_activity where pid <> pg_backend_pid()`
  const [own] = await admin<{ pid: number }[]>`select pg_backend_pid() as pid`
  const { stdout } = await promisify(execFile)('ps', ['-o', 'ppid=', '-p', String(own?.pid)])
  await admin.end()
  return freeze([Number(stdout), ...rows.map(({ pid }) => pid)])
}

/** Freezes processes of this machine. */
export function freeze(pids: readonly number[]): FrozenServer {
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => pids.forEach((pid) => process.kill(pid, name))
  let isFrozen = true
  signal('SIGSTOP')
  const thaw = () => {
    if (isFrozen) signal('SIGCONT')
    isFrozen = false
  }
  return { thaw, [Symbol.dispose]: thaw }
}
