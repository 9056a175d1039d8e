/** `serveAppDatabase`: the whole of the app's worker. It waits for its turn to lead, and serves every tab while it does. */
import { holdCode, preloadCode } from '../connection/open-at.ts'
import { createCandidate } from './candidate.ts'
import { encodeError } from './error-codec.ts'
import { createLeader } from './leader.ts'
import type { Leader } from './leader.ts'
import { discoveryChannel, wireProtocol, workerLock } from './names.ts'
import type { Discovery, FromWorker, ToWorker } from './protocol.ts'
import { readDiscovery, readToWorker } from './read-message.ts'
import { createTabPorts } from './tab-ports.ts'

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
  void navigator.locks.request(workerLock(workerId), () => {
    tell({ type: 'serving', workerId })
    return new Promise(() => undefined)
  })
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

  const lead = (): void => {
    leader = createLeader({
      ...options,
      leaderId: workerId,
      onEnd(reason) {
        leader = undefined
        ports.close()
        if (reason === 'deposed') return
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
  const candidate = createCandidate(name, { onElected: lead, onDeposed: () => leader?.depose() })

  async function leave(): Promise<void> {
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
