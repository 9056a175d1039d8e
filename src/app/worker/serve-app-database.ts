/** `serveAppDatabase`: the whole of the app's worker. It waits for its turn to lead, and serves every tab while it does. */
import { holdCode, preloadCode } from '../connection/open-at.ts'
import type { OpenedApp } from '../connection/open-at.ts'
import { noWebLocks } from '../connection/web-lock.ts'
import { storageError } from '../storage/indexed-db.ts'
import { createCandidate } from './candidate.ts'
import { encodeError } from './error-codec.ts'
import { createLeader } from './leader.ts'
import type { Leader } from './leader.ts'
import { discoveryChannel, wireProtocol, workerLock } from './names.ts'
import type { Discovery, FromWorker, ToWorker } from './protocol.ts'
import { readDiscovery, readToWorker } from './read-message.ts'
import { createTabPorts } from './tab-ports.ts'

/** Known to every copy of this module. */
const serving = Symbol.for('@typyst/db.serving')

/**
 * Makes the worker it is called in serve the tab that started it, and every other tab of the origin while it leads. It
 * opens nothing before a tab asks for something.
 *
 * @example
 * ```ts
 * // worker.ts; the tab passes `worker: () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })`
 * import { serveAppDatabase } from '@typyst/db/app/worker'
 *
 * serveAppDatabase()
 * ```
 */
export function serveAppDatabase(): void {
  // WebKit evaluates a module worker's entry again when one of its chunks imports it, as Vite's chunks do.
  if (serving in globalThis) return
  Object.defineProperty(globalThis, serving, { value: true })
  const workerId = crypto.randomUUID()
  const tell = (message: FromWorker): void => postMessage(message)
  let membership: Membership | undefined

  addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    // The app may talk to its worker, too.
    const message = readToWorker(data)
    switch (message?.type) {
      case undefined:
        break
      case 'join':
        membership ??= join(workerId, message, tell)
        break
      case 'leave':
        void (membership?.leave() ?? Promise.resolve()).catch(() => undefined).then(() => tell({ type: 'left' }))
        membership = undefined
        break
      case 'preload':
        preloadCode(message.location).then(
          () => tell({ type: 'preloaded', error: undefined }),
          (cause: unknown) => tell({ type: 'preloaded', error: encodeError(cause) }),
        )
        break
      case 'hold':
        // What it could not get now, it tries to get when it leads.
        holdCode(message.location).catch(() => undefined)
        break
      case 'page-leaving':
        membership?.leader()?.flushUrgently()
        break
      case 'take-over':
        void membership?.takeOver(message.leaderId)
        break
      case 'are-you-there':
        tell({ type: 'here' })
        break
      case 'attach':
      case 'call':
      case 'destroy':
      case 'detach':
      case 'knock':
        membership?.leader()?.receive(membership.clientId, message)
        break
      default:
        message satisfies never
    }
  })
  // Held for good: whoever gets it next knows that this worker is gone.
  holdForGood(workerLock(workerId), () =>
    tell({ type: 'serving', workerId, url: ownUrl(), isModule: isModuleWorker() }),
  ).catch((cause: unknown) => {
    tell({ type: 'unable', error: encodeError(storageError(cause)) })
  })
}

/** Never resolves; rejects where the browser has no locks, or refuses them as Firefox does when cookies are blocked. */
async function holdForGood(name: string, onHeld: () => void): Promise<void> {
  if (!('locks' in navigator)) throw noWebLocks()
  await navigator.locks.request(name, () => {
    onHeld()
    return new Promise(() => undefined)
  })
}

/** Where this worker's code is. Threads of Node have no location. */
function ownUrl(): string | undefined {
  return 'location' in globalThis ? location.href : undefined
}

declare const importScripts: () => void

/** A classic worker may import scripts, be it none. */
function isModuleWorker(): boolean {
  try {
    importScripts()
    return false
  } catch {
    return true
  }
}

/** A worker that takes part in a database. */
interface Membership {
  readonly clientId: string
  leader(): Leader | undefined
  takeOver(leaderId: string): Promise<void>
  leave(): Promise<void>
}

function join(
  workerId: string,
  options: Extract<ToWorker, { readonly type: 'join' }>,
  tell: (message: FromWorker) => void,
): Membership {
  const { clientId, location } = options
  const name = location.kind === 'indexeddb' ? location.name : `memory/${workerId}`
  const discovery = new BroadcastChannel(discoveryChannel(name))
  const broadcast = (message: Discovery): void => discovery.postMessage(message)
  const ports = createTabPorts()
  let leader: Leader | undefined
  let hasLeft = false

  const lead = (failed?: OpenedApp): void => {
    leader = createLeader({
      ...options,
      leaderId: workerId,
      failed,
      onEnd(reason) {
        leader = undefined
        ports.close()
        if (reason === 'deposed') return
        if (reason === 'storage-lost') {
          // The tab starts another worker; until then whoever waits may have more luck.
          void candidate.withdraw().then(() => tell({ type: 'storage-lost' }))
          return
        }
        if (typeof reason === 'object') {
          if (!hasLeft) lead(reason.failed)
          return
        }
        broadcast({ type: 'destroyed', leaderId: workerId })
        void leave()
      },
      onUnable(cause) {
        // Another tab may have what this one lacks.
        leader = undefined
        ports.close()
        void candidate.withdraw().then(() => tell({ type: 'unable', error: encodeError(cause) }))
      },
    })
    leader.connect(clientId, tell)
    tell({ type: 'leading', leaderId: workerId })
    broadcast({ type: 'leading', leaderId: workerId })
  }
  const candidate = createCandidate(name, workerId, { onElected: () => lead(), onDeposed: () => leader?.depose() })

  async function leave(): Promise<void> {
    hasLeft = true
    try {
      await leader?.resign()
    } finally {
      leader = undefined
      await candidate.withdraw()
      ports.close()
      discovery.close()
    }
  }

  /** Lets those lead who wait, and waits again behind them. */
  async function stepBack(): Promise<void> {
    const leaving = leader
    leader = undefined
    try {
      await leaving?.resign()
    } finally {
      ports.close()
      candidate.stepBack()
    }
  }

  discovery.onmessage = ({ data }: MessageEvent<unknown>) => {
    const message = readDiscovery(data)
    if (!leader || !message) return
    switch (message.type) {
      case 'who-leads':
        broadcast({ type: 'leading', leaderId: workerId })
        break
      case 'hello':
        if (message.leaderId !== workerId) break
        // A tab with a newer protocol knows better how to lead. When there is none after all, this one comes back.
        if (message.protocol > wireProtocol) void stepBack()
        else ports.open(message.clientId, leader, workerId)
        break
      case 'ping':
        if (message.leaderId === workerId) broadcast({ type: 'pong', leaderId: workerId })
        break
      case 'leading':
      case 'pong':
      case 'destroyed':
        break
      default:
        message satisfies never
    }
  }
  return { clientId, leader: () => leader, takeOver: (leaderId) => candidate.takeOver(leaderId), leave }
}
