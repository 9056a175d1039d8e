/** Starts WebKit in a small host of its own under a virtual display, and when a test wants it, kills it. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findPageProcess } from './find-page-process.ts'
import { pythonPath } from './installed-browsers.ts'
import { createPageCodec } from './page-codec.ts'
import { descendantsOf, killTree } from './processes.ts'
import type { LaunchOptions, TestBrowser, TestPage } from './test-browser.ts'

const hostPath = fileURLToPath(new URL('webkit-host.py', import.meta.url))

/** What the host tells: how a command ended, or what happened to a page. */
type HostMessage =
  | { readonly id: number; readonly value?: string | null; readonly failure?: string }
  | { readonly page: number; readonly event: 'crash' | 'committed'; readonly url?: string }

/** A command, beside its number. */
interface HostCommand {
  readonly kind: 'open' | 'goto' | 'reload' | 'back' | 'evaluate' | 'close'
  readonly page: number
  readonly url?: string
  readonly source?: string
  readonly argument?: string
}

/** A host that runs. */
interface Host {
  readonly process: ChildProcess
  readonly version: string
  readonly events: EventEmitter
  send(command: HostCommand): Promise<string>
  /** Resolves when it and its display have ended. */
  readonly ended: Promise<unknown>
}

/** Launches a WebKit of its own for the caller. */
export async function launchWebKit({ profileDir, mode = 'normal' }: LaunchOptions = {}): Promise<TestBrowser> {
  // On a disk as users have it: what is only in memory dies with WebKit's network process.
  const folder = profileDir ?? (await mkdtemp(join(tmpdir(), 'typyst-webkit-')))
  const deleteFolder = async (): Promise<void> => {
    if (profileDir === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const host = await startHost(folder, mode)
  const hostId = host.process.pid ?? 0
  let pages = 0
  const processOf = (page: TestPage) => findPageProcess(hostId, page, /WebKitWebProcess/)
  return {
    name: 'webkit',
    version: host.version,
    async newPage() {
      const page = (pages += 1)
      await host.send({ kind: 'open', page })
      return createPage(host, page)
    },
    async kill() {
      await killTree(hostId)
      await host.ended
      await deleteFolder()
    },
    processOf,
    crash: async (page) => killTree(await processOf(page)),
    async storageProcess() {
      const found = (await descendantsOf(hostId)).find(({ command }) => command.includes('WebKitNetworkProcess'))
      if (!found) throw new Error('WebKit has no network process.')
      return found.id
    },
    async [Symbol.asyncDispose]() {
      host.process.stdin?.end()
      await host.ended
      await deleteFolder()
    },
  }
}

async function startHost(profileDir: string, mode: string): Promise<Host> {
  // A display of its own, which ends with its only client.
  const display = spawn('Xvfb', ['-displayfd', '3', '-terminate', '-nolisten', 'tcp', '-screen', '0', '800x600x24'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const displayEnded = once(display, 'exit')
  const [number] = (await once(display.stdio[3] ?? display, 'data')) as [Buffer]
  const host = spawn(pythonPath, [hostPath, profileDir, mode], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...process.env,
      DISPLAY: `:${number.toString().trim()}`,
      GDK_BACKEND: 'x11',
      // Nothing of a desktop is there to be asked.
      GSETTINGS_BACKEND: 'memory',
      GIO_USE_VFS: 'local',
      NO_AT_BRIDGE: '1',
    },
  })
  const ended = Promise.all([once(host, 'exit'), displayEnded])
  const events = new EventEmitter().setMaxListeners(0)
  const waiting = new Map<number, { resolve: (value: string) => void; reject: (error: Error) => void }>()
  let commands = 0
  const lines = createInterface({ input: host.stdout })
  const [hello] = (await Promise.race([once(lines, 'line'), once(host, 'exit').then(() => ['{}'])])) as [string]
  const { version } = JSON.parse(hello) as { version?: string }
  if (version === undefined) throw new Error('The host of WebKit did not start.')

  lines.on('line', (line) => {
    const message = JSON.parse(line) as HostMessage
    if ('event' in message) {
      events.emit(`${message.event} ${message.page}`, message.url)
      return
    }
    const command = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.failure === undefined) command?.resolve(message.value ?? '')
    // That is all WebKit says when the page's process ends in the middle of it.
    else if (message.failure.includes('Unsupported result type')) command?.reject(new Error('The page crashed.'))
    else command?.reject(new Error(message.failure))
  })
  host.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('The browser was closed.'))
    waiting.clear()
    events.emit('end')
  })
  // A command to a host that was killed fails by the end of the host.
  host.stdin.on('error', () => undefined)
  return {
    process: host,
    version,
    events,
    ended,
    send: (command) =>
      new Promise((resolve, reject) => {
        if (host.exitCode !== null || host.signalCode !== null) {
          reject(new Error('The browser was closed.'))
          return
        }
        const id = (commands += 1)
        waiting.set(id, { resolve, reject })
        host.stdin.write(`${JSON.stringify({ ...command, id })}\n`)
      }),
  }
}

const codec = createPageCodec()

/** The text of a function runs in the page, with a value that was encoded here. */
const toSource = (pageFunction: unknown): string => `
  const __name = (target) => target
  const codec = (${createPageCodec.toString()})()
  try {
    return codec.encode({ value: await (${String(pageFunction)})${typeof pageFunction === 'string' ? '' : '(codec.decode(argument))'} })
  } catch (error) {
    return codec.encode({ failure: error instanceof Error ? error.stack + '\\n' + String(error) : String(error) })
  }`

function createPage(host: Host, page: number): TestPage {
  let url = 'about:blank'
  let isClosed = false
  host.events.on(`committed ${page}`, (committed: string) => (url = committed))

  const evaluate = async (pageFunction: unknown, argument?: unknown): Promise<unknown> => {
    const source = toSource(pageFunction)
    const answer = await host.send({ kind: 'evaluate', page, source, argument: codec.encode(argument) })
    const { value, failure } = codec.decode(answer) as { value?: unknown; failure?: string }
    if (failure !== undefined) throw new Error(failure)
    return value
  }
  const navigate = async (command: Omit<HostCommand, 'page'>): Promise<null> => {
    await host.send({ ...command, page })
    // WebKit's word for finished is about what was fetched; modules may still have to run.
    await evaluate(async () => {
      if (document.readyState !== 'complete') await new Promise((resolve) => addEventListener('load', resolve))
    })
    return null
  }
  const waitForFunction = async (pageFunction: unknown, argument?: unknown): Promise<unknown> =>
    evaluate(
      `(async (argument) => {
        let value
        while (!(value = await (${String(pageFunction)})(argument))) {
          await new Promise((resolve) => setTimeout(resolve, 20)) // What is asked for raises no event; Playwright asks again by frames.
        }
        return undefined
      })(codec.decode(argument))`,
      argument,
    )
  const known = {
    evaluate,
    waitForFunction,
    goto: (to: string) => navigate({ kind: 'goto', url: to }),
    reload: () => navigate({ kind: 'reload' }),
    goBack: () => navigate({ kind: 'back' }),
    url: () => url,
    isClosed: () => isClosed,
    async waitForURL(wanted: string) {
      while (url !== wanted) await once(host.events, `committed ${page}`)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await host.send({ kind: 'close', page })
      host.events.emit(`close ${page}`)
    },
    once(event: string, listener: () => void) {
      host.events.once(`${event} ${page}`, listener)
      return known
    },
  }
  return known as unknown as TestPage // Of Playwright's many overloads, those that the suites use.
}
