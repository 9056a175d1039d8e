/** What opening PGlite needs of a storage that is not one of PGlite's own. */
import type { MemfsFrontendFS, StorageBackend } from '@electric-sql/pglite/memfs-frontend'

/** The module `@electric-sql/pglite/memfs-frontend`. */
export interface FrontendModule {
  readonly MemfsFrontendFS: new (backend: StorageBackend) => MemfsFrontendFS
}

/** Storage that has been opened for PGlite. */
export interface PGliteStorage {
  /** Makes the file system; again when an engine has ended before it read a file. */
  createFilesystem(frontend: FrontendModule): MemfsFrontendFS
  /** Called when Postgres runs on it. */
  started(): Promise<void>
  /** Whether so much WAL has gathered that a checkpoint should clear it away. */
  needsCheckpoint(): boolean
  /** Resolves when everything handed over is stored. */
  flush(): Promise<void>
  /**
   * Flushes, and removes what belongs to no file any more.
   *
   * @param redact - For what is kept with the files of the answers to requests.
   */
  scrub(redact?: (outcome: object) => object): Promise<void>
  /** Stores what is left and lets go; may be called again when it failed. */
  close(): Promise<void>
}
