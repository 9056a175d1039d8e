/** The notes example as its user runs it: a process of its own, on a data folder of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A running example server. */
export interface NotesServer {
  readonly url: string
  readonly port: number
  /** Ends the process as Ctrl+C does, and gives its exit code. May be called again. */
  stop(): Promise<number | null>
}

/** @param port - 0 for any that is free. */
export async function startNotesServer(dataDir: string, port = 0): Promise<NotesServer> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/notes/serve.ts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, NOTES_DATA_DIR: dataDir, PORT: String(port), DATABASE_URL: '', BETTER_AUTH_SECRET: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT')
      await ended
    }
    return child.exitCode
  }
  // The loop also ends when the process does, because its output is closed then.
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line)
    // What comes later is not read, and must not fill the pipe.
    if (url) {
      child.stdout.resume()
      return { url: url[0], port: Number(url[1]), stop }
    }
  }
  await ended
  throw new Error(`The notes example ended with code ${child.exitCode}: ${errors}`)
}
