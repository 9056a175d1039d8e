/** Runs work on a database in a process of its own, and tells what would have kept the process from ending. */
import { source, startChild } from './child.ts'

/** How a process ended. */
export interface ProcessEnd {
  /** What the work handed to `say`. */
  readonly said: unknown
  /** Timers and sockets that held it when its work was done. */
  readonly held: readonly string[]
}

/**
 * Runs a script that closes nothing, and waits for the process to end by itself.
 *
 * @param work - Has `createAppDatabase` and `createAuthDatabase`, `failing(promise)` for what has to fail, `say(value)`, and
 *   the names of `values`.
 */
export async function endOf(work: string, values: Readonly<Record<string, unknown>>): Promise<ProcessEnd> {
  const child = startChild(`
    import { createAppDatabase } from ${source('app/index.ts')}
    import { createAuthDatabase } from ${source('auth/index.ts')}
    const { ${Object.keys(values).join(', ')} } = ${JSON.stringify(values)}
    let said
    const say = (value) => { said = value }
    const failing = (promise) => promise.then(() => { throw new Error('It was to fail.') }, () => undefined)
    const resources = () => process.getActiveResourcesInfo().filter((type) => /Timeout|TCP|TLS|Pipe/.test(type))
    const before = resources()
    ${work}
    // What was refused or closed has a moment to be gone.
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    const held = resources()
    for (const type of before) if (held.includes(type)) held.splice(held.indexOf(type), 1)
    process.stdout.write('\\n' + JSON.stringify({ said, held }) + '\\n')
  `)
  const lines = (await child.ended()).trim().split('\n')
  return JSON.parse(lines.at(-1) ?? '') as ProcessEnd // What the script wrote.
}
