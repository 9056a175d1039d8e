/** Opens the app database through the app's worker: the same port, facade and life as in the page. */
import { createPGliteConnection } from '../../pglite/pglite-connection.ts'
import type { AppEngine } from '../connection/app-connection.ts'
import type { AppSession } from '../connection/open-at.ts'
import { decodeError } from '../worker/error-codec.ts'
import { isStorageDenied } from '../storage-denied.ts'
import type { WireStorageState } from '../worker/protocol.ts'
import type { BlockStoreState } from '../storage/block-store-types.ts'
import { createNotifications } from './notifications.ts'
import { watchPageLife } from './page-life.ts'
import { createRemoteClient } from './remote-client.ts'
import { createTabClient } from './tab-client.ts'
import type { TabClientOptions } from './tab-client-types.ts'

/** What concerns opening through a worker. */
export interface WorkerOpenOptions extends Omit<
  TabClientOptions,
  'clientId' | 'channels' | 'onNotification' | 'onStorage'
> {
  readonly onStorageChange: ((state: BlockStoreState) => void) | undefined
  /** Opens in memory and in the page: `memoryFallback` where a worker can take no part in anything. */
  readonly openInMemory: () => Promise<AppSession>
}

/** Whether this is a page that can share a database through workers. */
export function canShare(): boolean {
  return (
    typeof document !== 'undefined' &&
    typeof Worker !== 'undefined' &&
    typeof BroadcastChannel !== 'undefined' &&
    'locks' in navigator
  )
}

/** Builds the engine's stand-in; no worker is started before its first use. */
export function createWorkerEngine(options: WorkerOpenOptions): AppEngine {
  const notifications = createNotifications()
  let storage: BlockStoreState | undefined
  const client = createTabClient({
    ...options,
    clientId: crypto.randomUUID(),
    channels: () => notifications.channels(),
    onNotification: (channel, payload) => notifications.deliver(channel, payload),
    onStorage(state) {
      storage = fromWireState(state)
      options.onStorageChange?.(storage)
    },
  })
  const remote = createRemoteClient(client, notifications)
  let isAlone = false

  return {
    role: () => (isAlone ? 'alone' : client.isLeader() ? 'leader' : 'follower'),
    async open(): Promise<AppSession> {
      const joined = await client.join().catch((cause: unknown) => {
        if (options.memoryFallback && isStorageDenied(cause)) return cause
        throw cause
      })
      isAlone = isStorageDenied(joined)
      if (isStorageDenied(joined)) return { ...(await options.openInMemory()), fallbackCause: joined }
      const { kind, fallbackCause } = joined
      const stopWatching = watchPageLife({
        onLeaving: () => client.pageLeaving(),
        onSuspended: () => client.suspend(),
        onResumed: () => client.resume(),
      })
      const initial = storage
      const storageOf = initial && (() => storage ?? initial)
      return {
        client: remote,
        connection: createPGliteConnection(remote, {}),
        kind,
        fallbackCause: fallbackCause && decodeError(fallbackCause),
        storageState: storageOf,
        async flush() {
          await client.call({ type: 'flush' })
        },
        async scrub() {
          await client.call({ type: 'flush', scrubs: true })
        },
        async close() {
          stopWatching()
          await client.leave()
          if (storage) options.onStorageChange?.((storage = { ...storage, phase: 'closed' }))
        },
      }
    },
    async destroy(close) {
      // The others are told first, and when it cannot be deleted, this tab stays as it is too.
      await client.destroy()
      await close()
    },
    preload: () => client.preload(),
  }
}

function fromWireState({ error, ...state }: WireStorageState): BlockStoreState {
  return { ...state, error: error && decodeError(error) }
}
