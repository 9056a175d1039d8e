/** A tab's part in a shared database from the start of its worker until it leaves. */
import { createInFreshWindow } from './own-worker.ts'
import type { WorkerSource } from './own-worker.ts'
import { createTransport } from './transport.ts'
import type { Transport, TransportEvents, TransportOptions } from './transport.ts'

/** What a membership tells, beside what its transport does. */
export interface MembershipEvents extends Omit<TransportEvents, 'onWorkerDied' | 'onStorageLost'> {
  /** The tab takes part: its worker waits for its turn to lead. */
  readonly onJoined: () => Promise<void>
  /** It could not be started. */
  readonly onFailed: (cause: unknown) => void
  /** Its worker ended by itself, or is of no use any more. */
  readonly onWorkerLost: () => void
}

/** A tab's part in a shared database. */
export interface Membership {
  /** How to reach leaders, once the worker has started. */
  transport(): Transport | undefined
  /** Whether it was started and not ended since. */
  isTakingPart(): boolean
  /** Whether its worker is yet to come. */
  isStarting(): boolean
  start(): Promise<void>
  /** Ends at once. */
  drop(): void
  /** Ends in good order: what others stored through this tab's worker is stored first. */
  leave(): Promise<void>
  /** Starts the worker, and lets it fetch what opening needs. */
  preload(): Promise<void>
  /** Whether another tab's worker leads. After a moment, this tab's own fetches and keeps what it would need to lead. */
  follows(isFollowing: boolean): void
}

/** How long a tab that follows waits before its worker fetches what it would need to lead, in milliseconds. */
const holdsAfterMs = 1000

/** What has to come back takes moments in which a new window has no storage either; where there is none at all, this is enough. */
const mostRenewals = 3

export function createMembership(options: TransportOptions, events: MembershipEvents): Membership {
  let transport: Transport | undefined
  let prepared: Promise<Transport> | undefined
  let isTakingPart = false
  let starts = 0
  let renewal: WorkerSource | undefined
  let renewals = 0
  let holding: ReturnType<typeof setTimeout> | undefined

  /** Where the page's window has lost its storage, any worker started by it has none. */
  const currentOptions = (): TransportOptions => {
    const source = renewal
    return source
      ? { ...options, createWorker: () => createInFreshWindow(source), mayBeRenewed: renewals < mostRenewals }
      : options
  }

  /** Starts the worker, or takes the one that `preload` has started. */
  const prepare = (): Promise<Transport> =>
    (prepared ??= createTransport(currentOptions(), {
      ...events,
      onStorageLost(workerId, source) {
        renewal = source
        renewals += 1
        if (transport?.workerId === workerId) events.onWorkerLost()
      },
      onWorkerDied(workerId) {
        prepared = undefined
        if (transport?.workerId === workerId) events.onWorkerLost()
      },
    }))

  const end = (): Transport | undefined => {
    const ended = transport
    clearTimeout(holding)
    starts += 1
    isTakingPart = false
    transport = undefined
    return ended
  }

  return {
    transport: () => transport,
    isTakingPart: () => isTakingPart,
    isStarting: () => isTakingPart && !transport,
    async start() {
      isTakingPart = true
      const own = (starts += 1)
      try {
        const started = await prepare()
        prepared = undefined
        // Ended while it started.
        if (own !== starts) {
          started.drop()
          return
        }
        transport = started
        await started.join()
        await events.onJoined()
      } catch (cause) {
        prepared = undefined
        if (own !== starts) return
        isTakingPart = false
        events.onFailed(cause)
      }
    },
    drop() {
      end()?.drop()
    },
    async leave() {
      const starting = prepared
      prepared = undefined
      const leaving = end() ?? (await starting?.catch(() => undefined))
      await leaving?.leave(options.leaderTimeoutMs)
    },
    follows(isFollowing) {
      clearTimeout(holding)
      if (!isFollowing) return
      const hold = (): void => transport?.toWorker({ type: 'hold', location: options.location })
      holding = setTimeout(hold, holdsAfterMs)
    },
    async preload() {
      const started = transport ?? (await prepare())
      await started.preload()
    },
  }
}
