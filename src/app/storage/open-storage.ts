/** Opens the storage of an `idb://` name: our own store, filled from what stock PGlite left there when it is new. */
import type { PGliteStorage } from '../../pglite/pglite-storage.ts'
import { adoptStockStore, finishAdoption } from './adopt-stock.ts'
import { createBlockStore } from './block-store.ts'
import type { BlockStoreOptions, BlockStoreState } from './block-store-types.ts'
import { createFilesystem } from './create-filesystem.ts'
import { createFlushGate } from './flush-gate.ts'
import { databaseName } from './format.ts'
import { browserIndexedDb, deleteStoreDatabase } from './indexed-db.ts'
import type { Sharing } from './outcome-log.ts'
import { shareStorage } from './share-storage.ts'
import { loadSnapshot } from './snapshot.ts'
import { deleteStockStore } from './stock-store.ts'

/** 16 MB of WAL: about 0.1 s more at the next opening, when it is read and replayed after a crash. */
const walBytesAllowed = 16 * 1024 * 1024

/** Options of {@link openStorage}. */
export interface OpenStorageOptions extends Pick<
  BlockStoreOptions,
  'name' | 'durability' | 'leaderTimeoutMs' | 'onStateChange'
> {
  /** The hashes of the migrations a new database gets, by which the shipped snapshot is chosen. */
  readonly migrationHashes: readonly (string | undefined)[]
}

/** Storage that is ready to be handed to PGlite. */
export interface AppStorage extends PGliteStorage {
  state(): BlockStoreState
  /**
   * What a leader needs.
   *
   * @param sync - Hands over what changed.
   */
  share(sync: () => Promise<void>): Sharing
}

/**
 * Begins to open, check and read the storage, so that PGlite can be loaded meanwhile. The caller holds the lock of the
 * name until {@link PGliteStorage.close} has resolved. PGlite fails to start on it, before Postgres does, with
 * `STORAGE_INCOMPATIBLE`, `STORAGE_NEWER`, `STORAGE_DAMAGED`, `STORAGE_UNAVAILABLE`, `STORAGE_FULL`, or with
 * `DATABASE_IN_USE` while a tab with stock PGlite has a database open that is to be adopted.
 *
 * @throws TypystDbError `STORAGE_UNAVAILABLE` where there is no IndexedDB.
 */
export function openStorage(options: OpenStorageOptions): AppStorage {
  const factory = browserIndexedDb()
  const seed = async () => (await adoptStockStore(factory, options.name)) ?? loadSnapshot(options.migrationHashes)
  const store = createBlockStore({ ...options, factory, seed })
  const gate = createFlushGate()
  // Reported when Postgres asks for its files, before it starts.
  store.open().catch(() => undefined)
  return {
    createFilesystem: (frontend) => createFilesystem(frontend, store, gate),
    started: () => finishAdoption(factory, options.name),
    close: () => store.close(),
    needsCheckpoint: () => store.walBytes() > walBytesAllowed,
    flush: () => store.flush(),
    scrub: (redact) => store.scrub(redact),
    state: () => store.state(),
    share: (sync) => shareStorage(store, gate, sync),
  }
}

/** Deletes a database: our store, and one of stock PGlite under the same name. */
export async function deleteStorage(name: string): Promise<void> {
  const factory = browserIndexedDb()
  await deleteStockStore(factory, name)
  await deleteStoreDatabase(factory, databaseName(name))
}
