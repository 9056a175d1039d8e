/** How a tab reaches leaders: its own worker by its port, another tab's by a channel. */
import type { DataLocation } from '../../pglite/data-location.ts'
import { clientChannel, clientLock, discoveryChannel, wireProtocol } from '../worker/names.ts'
import { decodeError } from '../worker/error-codec.ts'
import type { Discovery, ToClient, ToLeader, ToWorker, WireError } from '../worker/protocol.ts'
import { readDiscovery, readToClient } from '../worker/read-message.ts'
import { createDeferred } from '../../internal/deferred.ts'
import { isChromium } from '../storage/browser-engine.ts'
import { startWorker } from './own-worker.ts'
import type { WorkerSource } from './own-worker.ts'

/** What a transport needs to know. */
export interface TransportOptions {
  readonly location: DataLocation
  readonly clientId: string
  readonly createWorker: () => Worker
  readonly durability: 'strict' | 'relaxed'
  readonly memoryFallback: boolean
  readonly transactionIdleTimeoutMs: number
  /** How long a worker may be silent, and whatever stands still may be in its way, in milliseconds. */
  readonly leaderTimeoutMs: number
  /** Whether another worker may take its place when this one finds that the browser's storage is gone; `true` by default. */
  readonly mayBeRenewed?: boolean | undefined
}

/** What a transport tells. */
export interface TransportEvents {
  /** The tab's own worker leads. */
  readonly onLeading: (workerId: string) => void
  /** Some other worker says that it leads, or did so when it said it. */
  readonly onOtherLeading: (leaderId: string) => void
  /** Whether the tab still takes its own worker for the leader. */
  readonly isLeading: () => boolean
  readonly onMessage: (message: ToClient) => void
  /** The leader that was connected last, or its tab, answered a ping. */
  readonly onPong: () => void
  /** A leader deleted the database, or closed it for that. */
  readonly onDestroyed: (leaderId: string) => void
  /** The tab's own worker has lost the browser's storage for good; another window's would have it. */
  readonly onStorageLost: (workerId: string, source: WorkerSource | undefined) => void
  /** The tab's own worker ended without being told to. */
  readonly onWorkerDied: (workerId: string) => void
  /** The tab's own worker cannot lead. */
  readonly onUnable: (error: WireError) => void
}

/** A tab that takes part in a database. */
export interface Transport {
  readonly workerId: string
  /** Lets the worker fetch what opening needs; it opens nothing. */
  preload(): Promise<void>
  /** Takes part: from here on the worker waits for its turn to lead. */
  join(): Promise<void>
  /** Turns to a leader. Another tab's answers with `welcome` when it listens. */
  connect(leaderId: string): void
  /** To the leader that was connected last. */
  post(message: ToLeader): void
  toWorker(message: ToWorker): void
  ping(leaderId: string): void
  /** Whoever leads says so. */
  askWhoLeads(): void
  /** Leaves in good order: a leader stores what waits first. Resolves at the latest after `timeoutMs`. */
  leave(timeoutMs: number): Promise<void>
  /** Leaves at once: the worker is ended, or told to end where what it does would stay in everybody's way. */
  drop(): void
}

/**
 * Starts the tab's worker.
 *
 * @throws TypystDbError `WORKER_FAILED`; nothing stays behind then.
 */
export async function createTransport(options: TransportOptions, events: TransportEvents): Promise<Transport> {
  const { clientId, location, leaderTimeoutMs } = options
  const left = createDeferred<undefined>()
  const preloaded = createDeferred<undefined>()
  const releaseClient = createDeferred<undefined>()
  let connectedTo: string | undefined
  let isGone = false
  /** Since when the own worker owes an answer, by `performance.now()`. */
  let askedAt: number | undefined
  const isStuck = () => askedAt !== undefined && performance.now() - askedAt >= leaderTimeoutMs
  let isDead = false

  const worker = await startWorker({
    create: options.createWorker,
    onMessage(message) {
      askedAt = undefined
      switch (message.type) {
        case 'left':
          left.resolve(undefined)
          break
        case 'leading':
          events.onLeading(worker.workerId)
          break
        case 'storage-lost':
          events.onStorageLost(worker.workerId, worker.source)
          break
        case 'serving':
        case 'here':
          break
        case 'unable':
          events.onUnable(message.error)
          break
        case 'preloaded':
          if (message.error) preloaded.reject(decodeError(message.error))
          else preloaded.resolve(undefined)
          break
        default:
          if (connectedTo === worker.workerId) events.onMessage(message)
      }
    },
    onDied() {
      isDead = true
      if (!isGone) events.onWorkerDied(worker.workerId)
    },
  })
  const { workerId } = worker
  const name = location.kind === 'indexeddb' ? location.name : `memory/${workerId}`
  const discovery = new BroadcastChannel(discoveryChannel(name))
  const channel = new BroadcastChannel(clientChannel(clientId))
  const broadcast = (message: Discovery): void => discovery.postMessage(message)

  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const message = readToClient(data)
    if (message && connectedTo !== workerId) events.onMessage(message)
  }
  discovery.onmessage = ({ data }: MessageEvent<unknown>) => {
    const message = readDiscovery(data)
    switch (message?.type) {
      case undefined:
        break
      case 'leading':
        if (message.leaderId === workerId) break
        // Another took its place, and it does not notice.
        if (isStuck()) events.onWorkerDied(workerId)
        else events.onOtherLeading(message.leaderId)
        break
      case 'pong':
        if (message.leaderId === connectedTo) events.onPong()
        break
      case 'ping':
        if (message.leaderId !== workerId || !events.isLeading()) break
        // The worker may be busy with a long statement, for some time. One that does not come back is not vouched for.
        if (askedAt === undefined) {
          askedAt = performance.now()
          worker.post({ type: 'are-you-there' })
        }
        if (!isStuck()) broadcast({ type: 'pong', leaderId: workerId })
        break
      case 'destroyed':
        events.onDestroyed(message.leaderId)
        break
      case 'who-leads':
      case 'hello':
        break
      default:
        message satisfies never
    }
  }
  const disconnect = (): void => {
    isGone = true
    connectedTo = undefined
    discovery.close()
    channel.close()
    releaseClient.resolve(undefined)
  }
  /** The worker closes the database before it is terminated: see {@link Transport.drop}. */
  const endWorker = async (timeoutMs: number): Promise<void> => {
    worker.post({ type: 'leave' })
    const timer = setTimeout(() => left.resolve(undefined), timeoutMs)
    await left.promise
    clearTimeout(timer)
    worker.terminate()
  }
  const post = (message: ToLeader): void => {
    if (isGone || connectedTo === undefined) return
    if (connectedTo === workerId) worker.post(message)
    else channel.postMessage(message)
  }
  return {
    workerId,
    preload() {
      worker.post({ type: 'preload', location })
      return preloaded.promise
    },
    async join() {
      // Leaders take a tab without this lock for gone, so it is held before any leader hears of the tab.
      await new Promise<void>((resolve, reject) => {
        const held: Promise<unknown> = navigator.locks.request(clientLock(clientId), () => {
          resolve()
          return releaseClient.promise
        })
        held.catch(reject)
      })
      const { durability, memoryFallback, transactionIdleTimeoutMs, mayBeRenewed = true } = options
      const given = { durability, memoryFallback, transactionIdleTimeoutMs, leaderTimeoutMs, mayBeRenewed }
      worker.post({ type: 'join', location, clientId, ...given })
    },
    connect(leaderId) {
      connectedTo = leaderId
      if (leaderId === workerId) events.onMessage({ type: 'welcome', leaderId })
      else broadcast({ type: 'hello', clientId, leaderId, protocol: wireProtocol })
    },
    post,
    toWorker: (message) => worker.post(message),
    askWhoLeads: () => broadcast({ type: 'who-leads' }),
    ping: (leaderId) => broadcast({ type: 'ping', leaderId }),
    async leave(timeoutMs) {
      if (isGone) return
      post({ type: 'detach' })
      await endWorker(timeoutMs)
      disconnect()
    },
    drop() {
      if (isGone) return
      disconnect()
      // What a worker had locked that is terminated in the middle of a transaction stays locked in WebKit until its page is
      // closed (https://bugs.webkit.org/show_bug.cgi?id=324094). Chromium lets go, and wants a page that is put away to.
      if (isDead || isChromium()) worker.terminate()
      else void endWorker(leaderTimeoutMs)
    },
  }
}
