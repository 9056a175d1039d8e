/** A tab's side of a shared database: finds the leader, attaches, sends requests, and goes on with the next leader. */
import { isTypystDbError } from '../../errors.ts'
import type { TypystDbError } from '../../errors.ts'
import { createDeferred } from '../../internal/deferred.ts'
import type { Deferred } from '../../internal/deferred.ts'
import type { AppEvent } from '../app-event.ts'
import type { AppMigrations } from '../migrate-app.ts'
import type { OpenPhase } from '../open-progress.ts'
import { decodeError } from '../worker/error-codec.ts'
import { findHolder } from '../worker/find-holder.ts'
import { wireProtocol } from '../worker/names.ts'
import { schemaOutdated } from '../worker/schema-outdated.ts'
import type { Answer, Call, ToClient, WireStorageState } from '../worker/protocol.ts'
import { createPendingCalls } from './pending-calls.ts'
import { closed, closedByDestroy, nobodyAnswers, openInPage } from './tab-errors.ts'
import type { OpenSession } from './pending-calls.ts'
import { createTransport } from './transport.ts'
import type { Transport, TransportOptions } from './transport.ts'

/** What a tab needs to take part. */
export interface TabClientOptions extends TransportOptions {
  readonly migrations: AppMigrations
  /** Channels that this tab listens on. */
  readonly channels: () => readonly string[]
  readonly onPhase: (phase: OpenPhase) => void
  readonly onNotification: (channel: string, payload: string) => void
  readonly onStorage: (state: WireStorageState) => void
  readonly onEvent: (event: AppEvent) => void
  /** Another tab deleted the database; this client has left. */
  readonly onDestroyed: () => void
}

/** What a leader said when the tab attached. */
export type Attached = Extract<ToClient, { readonly type: 'attached' }>

/** A tab that takes part in a shared database. */
export interface TabClient {
  /** Takes part; resolves when a leader has the database open and migrated for this tab. */
  join(): Promise<Attached>
  call(call: Call, within?: OpenSession): Promise<Answer>
  /** Opens a transaction, or holds the engine without one. */
  begin(kind: 'begin' | 'hold'): Promise<OpenSession>
  /** Whether this tab's own worker leads; `undefined` while nobody does. */
  isLeader(): boolean | undefined
  /** Stores what waits, because the page may be gone in a moment. */
  pageLeaving(): void
  /** Gives up the worker, because the page will stand still; requests stay. */
  suspend(): void
  /** Takes part again. */
  resume(): void
  /** Deletes the database for every tab. */
  destroy(): Promise<void>
  leave(): Promise<void>
  /** Starts the worker, and lets it fetch what opening needs. */
  preload(): Promise<void>
}

/** Silence is counted in fifths of the timeout, and only while this tab runs: its own standing still is no silence. */
const ticksUntilTakeover = 5
/** As long again: the take-over and the opening after it had their time. */
const ticksUntilGivenUp = 10

export function createTabClient(options: TabClientOptions): TabClient {
  const { location, leaderTimeoutMs, onEvent } = options
  const calls = createPendingCalls()
  let transport: Transport | undefined
  let prepared: Promise<Transport> | undefined
  let leader:
    | { readonly id: string; readonly session: string; state: 'greeted' | 'attaching' | 'attached' | 'refused' }
    | undefined
  let opening: Deferred<Attached> | undefined
  let destroying: Deferred<undefined> | undefined
  let hasAttached = false
  let isOutdated = false
  let isTakingPart = false
  let ticker: ReturnType<typeof setInterval> | undefined
  let silentTicks = 0
  let starts = 0
  let isSuspended = false

  const send = (): void => {
    watch()
    if (!transport || leader?.state !== 'attached') return
    const { session } = leader
    const answeredBelow = calls.answeredBelow()
    for (const { number, within, call } of calls.toSend(session)) {
      transport.post({ type: 'call', session, number, answeredBelow, within, call })
    }
  }

  const attach = (): void => {
    if (!transport || !leader) return
    leader.state = 'attaching'
    const { durability, memoryFallback, migrations } = options
    transport.post({
      type: 'attach',
      session: leader.session,
      protocol: wireProtocol,
      durability,
      memoryFallback,
      migrations,
      channels: options.channels(),
      resume: calls.toResume(),
    })
  }

  const askToDestroy = (): void => {
    if (leader) transport?.post({ type: 'destroy', session: leader.session })
  }

  const loseLeader = (isOrderly: boolean): void => {
    if (!leader) return
    leader = undefined
    calls.loseLeader(isOrderly)
    watch()
  }

  const follow = (id: string): void => {
    if (!transport) return
    if (leader?.id === id) {
      // It had the lock, and was not listening yet when it was greeted.
      if (leader.state === 'greeted') transport.connect(id)
      return
    }
    loseLeader(false)
    silentTicks = 0
    leader = { id, session: crypto.randomUUID(), state: 'greeted' }
    transport.connect(id)
  }

  /** Follows whoever holds the lock: what leaders say may be overtaken by what happened since. */
  const look = async (): Promise<void> => {
    if (location.kind !== 'indexeddb') return
    const holder = await findHolder(location.name)
    if (!isTakingPart) return
    // The tab's own worker tells by its port when it is ready to lead.
    if (holder.kind === 'worker' && holder.workerId !== transport?.workerId) follow(holder.workerId)
    else if (holder.kind === 'page' && !leader) fail(openInPage())
  }

  /** What opening failed with, or what all requests fail with when it was open before. */
  const fail = (error: TypystDbError): void => {
    calls.rejectAll(error)
    destroying?.reject(error)
    destroying = undefined
    if (hasAttached) return
    opening?.reject(error)
    opening = undefined
    stop()
  }

  const stop = (): void => {
    isTakingPart = false
    leader = undefined
    hasAttached = false
    // Whatever others stored through this tab's worker is stored first.
    void transport?.leave(leaderTimeoutMs)
    transport = undefined
    watch()
  }

  const outdate = (): void => {
    if (isOutdated) return
    isOutdated = true
    const error = schemaOutdated()
    calls.rejectAll(error)
    onEvent({ type: 'schema-outdated', error })
  }

  const receive = (message: ToClient): void => {
    silentTicks = 0
    switch (message.type) {
      case 'welcome':
        if (message.leaderId !== leader?.id || leader.state !== 'greeted') break
        if (destroying) askToDestroy()
        else attach()
        break
      case 'progress':
        if (!hasAttached) options.onPhase(message.phase)
        break
      case 'attached': {
        if (message.session !== leader?.session) break
        leader.state = 'attached'
        calls.resume(message.outcomes)
        if (message.storage) options.onStorage(message.storage)
        if (hasAttached) onEvent({ type: 'leader-changed', isLeader: leader.id === transport?.workerId })
        hasAttached = true
        opening?.resolve(message)
        opening = undefined
        send()
        break
      }
      case 'refused': {
        if (message.session !== leader?.session) break
        leader.state = 'refused'
        const error = decodeError(message.error)
        // It fitted when this tab attached first, so somebody migrated it since.
        if (hasAttached && error.code === 'DATABASE_NEWER') outdate()
        else fail(error)
        break
      }
      case 'answer':
        if (message.session !== leader?.session) break
        calls.settle(message.number, message.outcome)
        send()
        break
      case 'notification':
        options.onNotification(message.channel, message.payload)
        break
      case 'storage':
        options.onStorage(message.state)
        break
      case 'outdated':
        outdate()
        break
      case 'destroyed':
        fail(closedByDestroy())
        if (isTakingPart) stop()
        onEvent({ type: 'destroyed' })
        options.onDestroyed()
        break
      case 'destroy-ended':
        if (message.session !== leader?.session) break
        if (message.error) destroying?.reject(decodeError(message.error))
        else destroying?.resolve(undefined)
        destroying = undefined
        // The leader has ended and answers nothing any more, so nobody may wait for it.
        calls.rejectAll(closed())
        stop()
        break
      case 'resigned':
        if (message.leaderId === leader?.id) loseLeader(true)
        break
      default:
        message satisfies never
    }
  }

  const tick = (): void => {
    // The own worker's end is told by its lock, and until then it is at work.
    silentTicks = leader && leader.id === transport?.workerId ? 0 : silentTicks + 1
    if (silentTicks === 0) return
    if (!leader) void look()
    else {
      transport?.ping(leader.id)
      // Its welcome was lost, or it leads no longer.
      if (leader.state === 'greeted') void look()
      if (silentTicks >= ticksUntilTakeover) transport?.toWorker({ type: 'take-over', leaderId: leader.id })
    }
    if (silentTicks >= ticksUntilGivenUp) {
      silentTicks = 0
      fail(nobodyAnswers())
    }
  }

  /** Ticks while something is waited for. */
  const watch = (): void => {
    const isWaiting = isTakingPart && (opening !== undefined || destroying !== undefined || calls.size > 0)
    if (isWaiting === (ticker !== undefined)) return
    clearInterval(ticker)
    ticker = isWaiting ? setInterval(tick, leaderTimeoutMs / ticksUntilTakeover) : undefined
    silentTicks = 0
  }

  /** Starts the worker, or takes the one that `preload` has started. */
  const startTransport = (): Promise<Transport> =>
    (prepared ??= createTransport(options, {
      onLeading: () => transport && follow(transport.workerId),
      onOtherLeading: () => void look(),
      isLeading: () => leader !== undefined && leader.id === transport?.workerId,
      onMessage: receive,
      onPong(leaderId) {
        if (leaderId === leader?.id) silentTicks = 0
      },
      onWorkerDied(workerId) {
        prepared = undefined
        if (transport?.workerId !== workerId) return
        suspend()
        if (!isSuspended) void start()
      },
    }))

  const start = async (): Promise<void> => {
    isTakingPart = true
    const own = (starts += 1)
    watch()
    try {
      const started = await startTransport()
      prepared = undefined
      // Left, or suspended, while it started.
      if (own !== starts) {
        started.drop()
        return
      }
      transport = started
      await started.join()
      await look()
    } catch (cause) {
      prepared = undefined
      if (own !== starts) return
      isTakingPart = false
      fail(isTypystDbError(cause) ? cause : nobodyAnswers())
    }
  }

  const suspend = (): void => {
    starts += 1
    isTakingPart = false
    loseLeader(false)
    transport?.drop()
    transport = undefined
    watch()
  }

  const call = (request: Call, within?: OpenSession): { readonly number: number; readonly answer: Promise<Answer> } => {
    if (isOutdated) return { number: 0, answer: Promise.reject(schemaOutdated()) }
    const added = calls.add(request, within)
    if (!isTakingPart && hasAttached && !isSuspended) void start()
    else if (!leader) void look()
    else if (leader.state === 'refused') attach()
    send()
    return added
  }

  return {
    async join() {
      opening ??= createDeferred()
      const { promise } = opening
      if (!isTakingPart) void start()
      return promise
    },
    call: (request, within) => call(request, within).answer,
    async begin(kind) {
      const { number, answer } = call({ type: kind })
      await answer
      if (!leader) throw nobodyAnswers()
      return { number, session: leader.session }
    },
    isLeader: () => leader && leader.id === transport?.workerId,
    pageLeaving: () => transport?.toWorker({ type: 'page-leaving' }),
    suspend() {
      isSuspended = true
      suspend()
    },
    resume() {
      isSuspended = false
      if (!isTakingPart && (hasAttached || opening || destroying)) void start()
    },
    async destroy() {
      destroying ??= createDeferred()
      const { promise } = destroying
      if (!isTakingPart) void start()
      else if (leader) askToDestroy()
      watch()
      await promise
    },
    async preload() {
      const started = transport ?? (await startTransport())
      await started.preload()
    },
    async leave() {
      // What was asked for before is done first, as a database in the page does it.
      await calls.whenEmpty(leaderTimeoutMs)
      starts += 1
      const leaving = transport ?? (await prepared?.catch(() => undefined))
      prepared = undefined
      isTakingPart = false
      leader = undefined
      transport = undefined
      opening = undefined
      watch()
      await leaving?.leave(leaderTimeoutMs)
      calls.rejectAll(closed())
    },
  }
}
