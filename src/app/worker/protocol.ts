/** Every message between a tab, its own worker and the leader. Types only; both sides `switch` over them; read-message.ts tells which are. */
import type { DumpDataDirCompression, WireResults } from './pglite-types.ts'
import type { TypystDbErrorCode, TypystDbErrorDetails } from '../../errors.ts'
import type { DataLocation } from '../../pglite/data-location.ts'
import type { AppMigrations } from '../migrate-app.ts'
import type { OpenPhase } from '../open-progress.ts'

/** An error as plain data: nothing of it is a row's value or a parameter. */
export interface WireError extends TypystDbErrorDetails {
  /** Absent when it is no error of this package. */
  readonly code?: TypystDbErrorCode | undefined
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  readonly cause?: WireError | undefined
}

/** How a query's values cross: functions cannot, so a tab applies its own parsers and serializers. */
export interface WireQueryOptions {
  readonly rowMode?: 'array' | 'object' | undefined
  /** Types whose values come back as Postgres wrote them. */
  readonly textTypes: readonly number[]
  /** Types whose parameters are serialized already. */
  readonly serializedTypes: readonly number[]
  readonly paramTypes?: readonly number[] | undefined
  readonly blob?: Blob | undefined
  readonly wantsNotices: boolean
}

/** What a tab can ask of the engine. */
export type Call =
  | {
      readonly type: 'query'
      readonly text: string
      readonly params: readonly unknown[]
      readonly options: WireQueryOptions
    }
  | { readonly type: 'exec'; readonly text: string; readonly options: WireQueryOptions }
  | { readonly type: 'describe'; readonly text: string; readonly paramTypes?: readonly number[] | undefined }
  | {
      readonly type: 'protocol'
      readonly message: Uint8Array
      readonly form: 'raw' | 'stream' | 'messages'
      readonly syncToFs: boolean
      readonly throwOnError: boolean
      readonly wantsNotices: boolean
    }
  | { readonly type: 'dump'; readonly compression?: DumpDataDirCompression | undefined }
  | { readonly type: 'refresh-array-types' }
  /** Opens a session, named by the number of this request. */
  | { readonly type: 'begin' }
  /** The same without a transaction: nobody else gets the engine until `release`. */
  | { readonly type: 'hold' }
  | { readonly type: 'commit' }
  | { readonly type: 'rollback' }
  | { readonly type: 'release' }
  | { readonly type: 'listen'; readonly channel: string }
  | { readonly type: 'unlisten'; readonly channel: string }
  /** With `scrubs`, also removes what belongs to no file any more from the storage. */
  | { readonly type: 'flush'; readonly scrubs?: boolean | undefined }

/** A notice of the database, or a message of the protocol, as PGlite's parser made it. */
export type WireMessage = object

/** What a call gives back. */
export type Answer =
  | { readonly type: 'done' }
  | { readonly type: 'results'; readonly results: WireResults[]; readonly notices: readonly WireMessage[] }
  | { readonly type: 'description'; readonly params: readonly WireType[]; readonly fields: readonly WireField[] }
  | { readonly type: 'bytes'; readonly chunks: readonly Uint8Array[] }
  | {
      readonly type: 'messages'
      readonly messages: readonly WireMessage[]
      readonly data: Uint8Array
      readonly notices: readonly WireMessage[]
    }
  | { readonly type: 'file'; readonly file: Blob }
  /** It took effect before the leader changed; the rows it gave were too large to be kept. */
  | { readonly type: 'lost-rows' }

/** A type, and the type of its elements when it is an array. */
export interface WireType {
  readonly dataTypeID: number
  readonly elementTypeID: number | undefined
}

/** A column of a described query. */
export interface WireField extends WireType {
  readonly name: string
}

/** How a call ended. */
export type Outcome = { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly error: WireError }

/** How the storage is doing, as plain data. */
export interface WireStorageState {
  readonly phase: 'clean' | 'pending' | 'failing' | 'closed'
  readonly error: WireError | undefined
  readonly storedBytes: number
  readonly hasLostData: boolean
}

/** From a tab to the leader, over the port of its own worker or over its channel. */
export type ToLeader =
  | {
      readonly type: 'attach'
      readonly session: string
      readonly protocol: number
      readonly durability: 'strict' | 'relaxed'
      readonly memoryFallback: boolean
      readonly migrations: AppMigrations
      readonly channels: readonly string[]
      /** Requests that an earlier leader may have carried out. */
      readonly resume: readonly number[]
    }
  | {
      readonly type: 'call'
      readonly session: string
      readonly number: number
      /** Every request below this number has been answered. */
      readonly answeredBelow: number
      /** The request that opened the session this one belongs to. */
      readonly within?: number | undefined
      readonly call: Call
    }
  /** Delete the database, for every tab; needs no session. */
  | {
      readonly type: 'destroy'
      readonly session: string
      /** The database. */
      readonly name: string
    }
  | { readonly type: 'detach' }
  /** Asks whether the leader still knows the session; one that does not lets it begin anew. */
  | { readonly type: 'knock'; readonly session: string }

/** From the leader to a tab. */
export type ToClient =
  /** The leader listens on the tab's channel now. */
  | { readonly type: 'welcome'; readonly leaderId: string }
  | { readonly type: 'progress'; readonly phase: OpenPhase }
  | {
      readonly type: 'attached'
      readonly session: string
      readonly kind: DataLocation['kind']
      readonly fallbackCause: WireError | undefined
      readonly storage: WireStorageState | undefined
      /** What became of the requests to resume; those that are missing took no effect. */
      readonly outcomes: readonly (readonly [number: number, outcome: Outcome])[]
    }
  /** The answer to `knock`. */
  | { readonly type: 'known'; readonly session: string }
  | { readonly type: 'refused'; readonly session: string; readonly error: WireError }
  | { readonly type: 'answer'; readonly session: string; readonly number: number; readonly outcome: Outcome }
  | { readonly type: 'notification'; readonly channel: string; readonly payload: string }
  | { readonly type: 'storage'; readonly state: WireStorageState }
  | { readonly type: 'outdated'; readonly session: string }
  | { readonly type: 'destroyed'; readonly session: string }
  /** The answer to the tab that asked for it. */
  | { readonly type: 'destroy-ended'; readonly session: string; readonly error: WireError | undefined }
  /** It leads no longer, and nobody knows what became of what it had begun. Its worker may lead again later. */
  | { readonly type: 'deposed'; readonly leaderId: string }
  /** The leader gives way in good order: what it had not begun it will not carry out. */
  | { readonly type: 'resigned'; readonly leaderId: string }

/** From a tab to its own worker. */
export type ToWorker =
  | ToLeader
  | {
      readonly type: 'join'
      readonly location: DataLocation
      readonly clientId: string
      readonly durability: 'strict' | 'relaxed'
      readonly memoryFallback: boolean
      readonly transactionIdleTimeoutMs: number
      readonly leaderTimeoutMs: number
      /** Whether another worker may take its place when the browser's storage is gone for this one. */
      readonly mayBeRenewed: boolean
    }
  /** Close in good order, answer `left`. */
  | { readonly type: 'leave' }
  /** The page is hidden or left: store what waits, without waiting for anything. */
  | { readonly type: 'page-leaving' }
  /** The leader does not answer: take its place, unless somebody else has done so. */
  | { readonly type: 'take-over'; readonly leaderId: string }
  | { readonly type: 'preload'; readonly location: DataLocation }
  /** Fetch what opening needs and keep it, because this tab may have to lead when the server has it no more. */
  | { readonly type: 'hold'; readonly location: DataLocation }
  /** Answered with `here`, by a worker that is not busy. */
  | { readonly type: 'are-you-there' }

/** From a worker to the tab that made it. */
export type FromWorker =
  | ToClient
  | {
      readonly type: 'serving'
      readonly workerId: string
      /** Where its code is; absent in a worker of an earlier release. */
      readonly url?: string | undefined
      readonly isModule?: boolean | undefined
    }
  /** WebKit has lost its storage process, and with it this worker its storage for good: it takes part no longer. */
  | { readonly type: 'storage-lost' }
  | { readonly type: 'preloaded'; readonly error: WireError | undefined }
  | { readonly type: 'left' }
  | { readonly type: 'here' }
  /**
   * It can lead no longer, because it cannot get what opening needs; it serves its tab all the same. Instead of `serving`: it
   * cannot do that either, because the browser refuses it what it needs.
   */
  | { readonly type: 'unable'; readonly error: WireError }
  | Leading

/** Somebody leads. */
export interface Leading {
  readonly type: 'leading'
  readonly leaderId: string
}

/** On the channel of a database, to everybody. */
export type Discovery =
  | Leading
  | { readonly type: 'who-leads' }
  | { readonly type: 'hello'; readonly clientId: string; readonly leaderId: string; readonly protocol: number }
  | { readonly type: 'ping'; readonly leaderId: string }
  /** From the leader, or from its tab while the leader is busy. */
  | { readonly type: 'pong'; readonly leaderId: string }
  /** For tabs that the leader does not know, as those that slept when it took over. */
  | { readonly type: 'destroyed'; readonly leaderId: string }
