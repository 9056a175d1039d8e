/** What a tab that takes part in a shared database offers, and what it needs. */
import type { AppEvent } from '../app-event.ts'
import type { AppMigrations } from '../migrate-app.ts'
import type { OpenPhase } from '../open-progress.ts'
import type { Answer, Call, ToClient, WireStorageState } from '../worker/protocol.ts'
import type { OpenSession } from './pending-calls.ts'
import type { TransportOptions } from './transport.ts'

/** What a tab needs to take part. */
export interface TabClientOptions extends TransportOptions {
  readonly migrations: AppMigrations
  /** Channels that this tab listens on. */
  readonly channels: () => readonly string[]
  readonly onPhase: (phase: OpenPhase) => void
  readonly onNotification: (channel: string, payload: string) => void
  readonly onStorage: (state: WireStorageState) => void
  readonly onEvent: (event: AppEvent) => void
  /** The database was deleted, or closed for that; this client has left. */
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
