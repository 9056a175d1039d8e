/** The processes of this machine, as Linux tells of them. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** A process. */
export interface Process {
  readonly id: number
  readonly parentId: number
  /** What it was started with, its arguments separated by blanks. */
  readonly command: string
  /** How long it has kept a processor busy, in ticks of the system's clock. */
  readonly ticks: number
}

/** All of them. */
export async function listProcesses(): Promise<Process[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(ids.map((id) => readProcess(id)))
  return found.filter((process) => process !== undefined)
}

/** A process's children, their children and so on, nearest first. */
export async function descendantsOf(id: number): Promise<Process[]> {
  const all = await listProcesses()
  const found: Process[] = []
  for (let parents = [id]; parents.length > 0;) {
    const children = all.filter(({ parentId }) => parents.includes(parentId))
    found.push(...children)
    parents = children.map((child) => child.id)
  }
  return found
}

/** Kills a process and all its descendants at once, and resolves when none of them runs any more. */
export async function killTree(id: number): Promise<void> {
  const ids = [id, ...(await descendantsOf(id)).map((process) => process.id)]
  for (const each of ids) sendSignal(each, 'SIGKILL')
  while (await anyRuns(ids)) await delay(5)
}

/** Sends a signal to a process, which may have ended. */
export function sendSignal(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal)
  } catch {
    // It has ended since it was listed.
  }
}

/** A zombie has ended: only its parent has not asked for its status yet. */
async function anyRuns(ids: readonly number[]): Promise<boolean> {
  const states = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, 'utf8').then(stateIn, () => 'gone')))
  return states.some((state) => state !== 'gone' && state !== 'Z')
}

const fieldsIn = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ')
const stateIn = (stat: string): string => fieldsIn(stat)[0] ?? 'gone'

async function readProcess(id: string): Promise<Process | undefined> {
  try {
    const [stat, command] = await Promise.all([
      readFile(`/proc/${id}/stat`, 'utf8'),
      readFile(`/proc/${id}/cmdline`, 'utf8'),
    ])
    // After the name, which may hold anything: state, parent, and in the 12th and 13th place the times.
    const fields = fieldsIn(stat)
    return {
      id: Number(id),
      parentId: Number(fields[1]),
      command: command.replaceAll('\0', ' ').trim(),
      ticks: Number(fields[11]) + Number(fields[12]),
    }
  } catch {
    // It has ended.
    return undefined
  }
}
