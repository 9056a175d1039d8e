/** Runs TypeScript in a Node process of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

/** A running script, killed at the end of the test that started it. */
export interface Child {
  /** Resolves with the next message the script sends; rejects when it ends without one. */
  message(): Promise<unknown>
  /** Kills it without a chance to finish anything. */
  kill(): Promise<void>
  /** Resolves when it has ended by itself, with what it wrote; rejects unless it says that all is well. */
  ended(): Promise<string>
}

/** Makes `src/…` importable in a script: `source('auth/index.ts')`. */
export const source = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href)

/** Starts a script, a module with `process.send`. */
export function startChild(script: string, env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(child, 'close') as Promise<[code: number | null, signal: string | null]>
  onTestFinished(async () => {
    if (!hasExited(child)) await kill(child)
  })
  return {
    message: () =>
      Promise.race([
        once(child, 'message').then(([message]: unknown[]) => message),
        exited.then(() => Promise.reject(new Error(`The script ended:\n${output}`))),
      ]),
    kill: () => kill(child),
    async ended() {
      const [code, signal] = await exited
      if (code !== 0) throw new Error(`The script ended with ${String(code ?? signal)}:\n${output}`)
      return output
    },
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
