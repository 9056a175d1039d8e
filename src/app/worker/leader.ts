/** The leader: holds PGlite and the storage, and serves every tab. The caller holds the lock of the database. */
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import { onceOrRetry } from '../../internal/once-or-retry.ts'
import type { DataLocation } from '../../pglite/data-location.ts'
import { atStorageEdge } from '../../pglite/storage-edge.ts'
import { deleteDatabase } from '../connection/delete-database.ts'
import { openAt } from '../connection/open-at.ts'
import type { OpenedApp } from '../connection/open-at.ts'
import type { OpenPhase } from '../open-progress.ts'
import type { BlockStoreState } from '../storage/block-store-types.ts'
import { isServerLost } from '../storage/indexed-db.ts'
import { createClientDesk } from './client-desk.ts'
import type { ClientDesk } from './client-desk.ts'
import { createEngine } from './engine.ts'
import type { Engine } from './engine.ts'
import { encodeError } from './error-codec.ts'
import { isHolder } from './find-holder.ts'
import { nameOf, wireProtocol } from './names.ts'
import type { ToClient, ToLeader, WireError, WireStorageState } from './protocol.ts'
import { createSchemaFit } from './schema-fit.ts'
import { schemaOutdated } from './schema-outdated.ts'

/** What a leader needs. */
export interface LeaderOptions {
  readonly leaderId: string
  readonly location: DataLocation
  readonly durability: 'strict' | 'relaxed'
  readonly memoryFallback: boolean
  readonly transactionIdleTimeoutMs: number
  /** How long a leader that it took over from may be in the way of its storage, in milliseconds. */
  readonly leaderTimeoutMs: number
  /** Whether another worker may take this one's place when the browser's storage is gone for it. */
  readonly mayBeRenewed: boolean
  /** What was open before, when its engine has failed. */
  readonly failed?: OpenedApp | undefined
  /**
   * It can lead no longer: another worker does, the database is deleted, this worker has lost the browser's storage, or the
   * engine has failed.
   */
  readonly onEnd: (reason: 'deposed' | 'destroyed' | 'storage-lost' | { readonly failed: OpenedApp }) => void
  /** It cannot lead, because the files that opening needs cannot be had. */
  readonly onUnable: (cause: TypystDbError) => void
}

/** A leader at work. */
export interface Leader {
  /** A tab comes, or comes back. */
  connect(clientId: string, post: (message: ToClient) => void): void
  receive(clientId: string, message: ToLeader): void
  /** A tab is gone, or closed the database. */
  disconnect(clientId: string): void
  /** Stores what waits in relaxed mode, without waiting for an answer. */
  flushUrgently(): void
  /** Lets the request that runs end, closes, and tells every tab. */
  resign(): Promise<void>
  /** Stops at once and writes nothing: another leader has the storage. */
  depose(): void
}

export function createLeader(options: LeaderOptions): Leader {
  const { leaderId, location, onEnd } = options
  const desks = new Map<string, ClientDesk>()
  const posts = new Map<string, (message: ToClient) => void>()
  /** Requests that are carried out. */
  const handling = new Set<Promise<void>>()
  let phase: OpenPhase | undefined
  let engine: Engine | undefined
  let opening: Promise<Engine> | undefined
  let givingUp: Promise<void> | undefined
  let isEnded = false
  // Asked by a call, because it changes while an opening waits.
  const hasEnded = () => isEnded

  const broadcast = (message: ToClient): void => {
    for (const desk of desks.values()) desk.post(message)
  }

  const schemaFit = createSchemaFit(
    () => desks.values(),
    (desk) => {
      phase = 'migrate'
      desk.post({ type: 'progress', phase })
    },
  )

  const openEngine = onceOrRetry(() => (opening = open()))

  const open = async (): Promise<Engine> => {
    const opened = await openAt(location, {
      ...options,
      // The worker holds it already.
      lock: () => Promise.resolve(() => Promise.resolve()),
      onPhase(begun) {
        phase = begun
        broadcast({ type: 'progress', phase: begun })
      },
      onStorageChange(state) {
        // Relaxed flushes fail on their own.
        if (state.error?.code === 'DATABASE_IN_USE') depose()
        else if (hasLostStorage(state.error)) depose('storage-lost')
        else broadcast({ type: 'storage', state: toWireState(state) })
      },
    })
    if (hasEnded()) {
      opened.sharing?.abandon()
      throw new TypystDbError('CLOSED', 'This worker leads no longer.')
    }
    void opened.engine?.failed.then(() => (givingUp = giveUp(opened)))
    return (engine = createEngine(opened, {
      transactionIdleTimeoutMs: options.transactionIdleTimeoutMs,
      onNotification: (channel, payload) => broadcast({ type: 'notification', channel, payload }),
    }))
  }

  const attach = async (desk: ClientDesk, message: Extract<ToLeader, { readonly type: 'attach' }>): Promise<void> => {
    const { session, migrations } = message
    try {
      if (message.protocol < wireProtocol) throw schemaOutdated()
      desk.attach(message)
      if (phase && phase !== 'migrate') desk.post({ type: 'progress', phase })
      const running = await openEngine()
      const { opened } = running
      if (opened.fallbackCause && !message.memoryFallback) throw opened.fallbackCause
      await running.runOwn(async () => {
        await schemaFit.ensure(opened.connection, desk, migrations)
        for (const channel of message.channels) await opened.client.exec(`listen "${channel.replaceAll('"', '""')}"`)
      })
      if (desk.attached !== message) return
      desk.post({
        type: 'attached',
        session,
        kind: opened.kind,
        fallbackCause: opened.fallbackCause && encodeError(opened.fallbackCause),
        storage: opened.storageState && toWireState(opened.storageState()),
        outcomes: desk.resume(message.resume, opened.sharing?.keptOutcomes(desk.clientId) ?? []),
      })
    } catch (cause) {
      // It was told that this leader has ended.
      if (hasEnded()) return
      if (hasLostStorage(cause)) {
        depose('storage-lost')
        return
      }
      if (isTypystDbError(cause) && cause.code === 'ASSETS_UNAVAILABLE' && !engine) {
        giveWay(cause)
        return
      }
      const isInUse = isTypystDbError(cause) && cause.code === 'DATABASE_IN_USE'
      // A page with stock PGlite knows of no lock, and is in the way of a leader that stays one.
      if (isInUse && location.kind === 'indexeddb' && !(await isHolder(location.name, leaderId))) depose()
      else desk.post({ type: 'refused', session, error: encodeError(cause) })
    }
  }

  /** Closes it in good order, or lets an opening end that nobody is to use. */
  const closeEngine = async (): Promise<void> => {
    for (const desk of desks.values()) desk.abortSessions()
    await opening?.catch(() => undefined)
    await engine?.stop()
    await engine?.opened.close()
  }

  const destroy = async (asker: ClientDesk, session: string): Promise<void> => {
    let error: WireError | undefined
    isEnded = true
    try {
      await closeEngine()
      await atStorageEdge(() => deleteDatabase(location))
    } catch (cause) {
      error = encodeError(cause)
    }
    for (const desk of desks.values()) {
      // Who has not attached hears it on the channel of the database.
      if (desk !== asker && desk.attached) desk.post({ type: 'destroyed', session: desk.attached.session })
    }
    asker.post({ type: 'destroy-ended', session, error })
    desks.clear()
    onEnd('destroyed')
  }

  /** For another one who can open the database; nothing was begun. */
  function giveWay(cause: TypystDbError): void {
    if (isEnded) return
    isEnded = true
    broadcast({ type: 'resigned', leaderId })
    desks.clear()
    options.onUnable(cause)
  }

  /**
   * Ends with an engine that has failed: what runs and what waits is answered with that error, and every tab goes on with
   * the next leader, which opens what was stored.
   */
  async function giveUp(failed: OpenedApp): Promise<void> {
    if (isEnded) return
    isEnded = true
    for (const desk of desks.values()) desk.abortSessions(failed.engine?.failure)
    await engine?.stop(failed.engine?.failure)
    await Promise.all(handling)
    const isStored = await failed.close().then(
      () => true,
      () => false,
    )
    // In relaxed mode, what could not be stored is gone as if this worker were.
    broadcast({ type: isStored ? 'resigned' : 'deposed', leaderId })
    desks.clear()
    onEnd({ failed })
  }

  /** A worker that never had it cannot tell whether it is gone, or never there. */
  const hasLostStorage = (cause: unknown): boolean =>
    isServerLost(cause) && location.kind === 'indexeddb' && (engine !== undefined || options.mayBeRenewed)

  function depose(reason: 'deposed' | 'storage-lost' = 'deposed'): void {
    if (isEnded) return
    isEnded = true
    for (const desk of desks.values()) {
      desk.dismiss()
      desk.post({ type: 'deposed', leaderId })
    }
    desks.clear()
    engine?.opened.sharing?.abandon()
    onEnd(reason)
  }

  function disconnect(clientId: string): void {
    desks.get(clientId)?.dismiss()
    desks.delete(clientId)
    posts.delete(clientId)
  }

  return {
    connect(clientId, post) {
      // A tab that comes back may ask for requests it made before.
      posts.set(clientId, post)
      if (desks.has(clientId)) return
      const desk = createClientDesk({
        clientId,
        post: (message) => posts.get(clientId)?.(message),
        onAnswered: (below) => engine?.opened.sharing?.forgetBelow(clientId, below),
        isListenedTo: (channel) => [...desks.values()].some(({ channels }) => channels.has(channel)),
        onDeposed: () => depose(),
      })
      desks.set(clientId, desk)
    },
    receive(clientId, message) {
      const desk = desks.get(clientId)
      if (!desk || isEnded) return
      switch (message.type) {
        case 'attach':
          void attach(desk, message)
          break
        case 'call':
          if (engine) {
            const handled = desk.handle(engine, message).finally(() => handling.delete(handled))
            handling.add(handled)
          }
          break
        case 'destroy':
          // Not for a message that only looks like one.
          if (message.session === desk.attached?.session || message.name === nameOf(location)) {
            void destroy(desk, message.session)
          }
          break
        case 'detach':
          disconnect(clientId)
          break
        case 'knock':
          if (desk.attached?.session === message.session) desk.post({ type: 'known', session: message.session })
          break
        default:
          message satisfies never
      }
    },
    disconnect,
    flushUrgently: () => engine?.opened.sharing?.flushUrgently(),
    async resign() {
      await givingUp
      if (isEnded) return
      isEnded = true
      try {
        await closeEngine()
      } finally {
        broadcast({ type: 'resigned', leaderId })
        desks.clear()
      }
    },
    depose: () => depose(),
  }
}

function toWireState({ error, ...state }: BlockStoreState): WireStorageState {
  return { ...state, error: error && encodeError(error) }
}
