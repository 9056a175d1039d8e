/** What a block store is, and what it needs. */
import type { StorageBackend, StorageEntry } from '@electric-sql/pglite/memfs-frontend'
import type { TypystDbError } from '../../errors.ts'
import type { FormatRecord } from './format.ts'
import type { IndexedDbFactory } from './indexed-db.ts'
import type { KeptOutcome, OutcomeLog } from './outcome-log.ts'
import type { StoreLimits } from './pack.ts'
import type { RedactOutcome } from './scrub.ts'

/** What a new store starts with. */
export interface StoreSeed {
  readonly origin: Exclude<FormatRecord['origin'], 'initdb'>
  /** Every directory and file, parents first. The store writes them before anybody may change their bytes. */
  readonly entries: readonly StorageEntry[]
}

/** Options of {@link createBlockStore}. */
export interface BlockStoreOptions {
  /** The part of `idb://name` after the slashes. */
  readonly name: string
  /** `strict`: {@link StorageBackend.apply} resolves when the changes are on disk. `relaxed`: at once, see `flushWithinMs`. */
  readonly durability: 'strict' | 'relaxed'
  /**
   * In relaxed mode, how long an acknowledged change may wait before its flush starts, in milliseconds.
   * @defaultValue 100
   */
  readonly flushWithinMs?: number | undefined
  /** Gives an empty store its first content; without one PGlite runs initdb. */
  readonly seed?: (() => Promise<StoreSeed | undefined>) | undefined
  /** Called whenever {@link BlockStore.state} changes. */
  readonly onStateChange?: ((state: BlockStoreState) => void) | undefined
  /**
   * Given by a leader: how long another one that stands still may keep a transaction from beginning, in milliseconds. Since
   * that one may wake up, a mark of this one is stored before anything is read.
   */
  readonly leaderTimeoutMs?: number | undefined
  /** @defaultValue {@link defaultLimits} */
  readonly limits?: StoreLimits | undefined
  /** @defaultValue the browser's `indexedDB` */
  readonly factory?: IndexedDbFactory | undefined
}

/** How a store is doing. */
export interface BlockStoreState {
  /** `pending`: relaxed changes wait for their flush. `failing`: the last flush failed and is tried again. */
  readonly phase: 'clean' | 'pending' | 'failing' | 'closed'
  /** Why the last flush failed. */
  readonly error: TypystDbError | undefined
  /** Bytes stored, without IndexedDB's own overhead. */
  readonly storedBytes: number
  /**
   * Whether the browser found what it had stored damaged and deleted it since it last ran, so that this database began
   * empty. Only Chromium tells, and only once.
   */
  readonly hasLostData: boolean
}

/** A {@link StorageBackend} over one IndexedDB database. It assumes that its caller holds a lock on the name. */
export interface BlockStore extends StorageBackend {
  /**
   * Opens the store, checks it and begins to read it; {@link StorageBackend.load} waits for it.
   * @throws TypystDbError `STORAGE_DAMAGED`, `STORAGE_INCOMPATIBLE`, `STORAGE_NEWER`, `STORAGE_UNAVAILABLE` or `STORAGE_BLOCKED`.
   */
  open(): Promise<void>
  /** Waits for nothing, because PGlite compiles its WebAssembly only after it. */
  init(): Promise<void>
  /** Whether what there was no room for last had been refused before, as after a statement that only reads. */
  addedNothing(): boolean
  /** Resolves when everything that was applied is stored; throws as strict {@link StorageBackend.apply} does. */
  flush(): Promise<void>
  /** Flushes, and removes bytes that belong to no file any more from the store; see scrub.ts. */
  scrub(redact?: RedactOutcome): Promise<void>
  /** Stores what waits in relaxed mode without waiting for an answer. */
  flushUrgently(): void
  /** Lets go and writes nothing any more. */
  abandon(): void
  /** Adds an outcome to the next flush that changes something. */
  noteOutcome(outcome: KeptOutcome): void
  /** Takes it back when there was no such flush; tells whether there was. */
  isKept(outcome: KeptOutcome): boolean
  /** The outcomes that are stored. */
  outcomes(): OutcomeLog | undefined
  /** Notes a cut of a file; see track-shrinking.ts. */
  noteShrink(path: string, size: number): void
  /** Bytes of WAL segments begun since the last checkpoint. */
  walBytes(): number
  state(): BlockStoreState
}
