/** The connection of a block store: opened when it is needed, and again when the browser has closed it. */
import { databaseName, freshLogName } from './format.ts'
import { beginFreshLog } from './fresh-log.ts'
import { openStoreDatabase } from './indexed-db.ts'
import type { IndexedDbFactory } from './indexed-db.ts'
import { lost } from './next-flush.ts'
import type { OpenStore } from './transaction.ts'

/** What {@link createStoreConnection} needs. */
export interface StoreConnectionOptions {
  readonly name: string
  readonly factory: () => IndexedDbFactory
  readonly leaderTimeoutMs: number | undefined
}

/** A connection that can be lost. */
export interface StoreConnection {
  /**
   * The open store.
   *
   * @param mayCreate - Whether a missing one is created.
   * @throws TypystDbError `STORAGE_DAMAGED` when it is missing and may not be.
   */
  get(mayCreate: boolean): Promise<OpenStore>
  /** Spares what is written next the fate that fresh-log.ts tells of. */
  beginFreshLog(): Promise<void>
  /** Whether the browser deleted what there was. */
  hasLostData(): boolean
  close(): void
}

/** Nothing is opened yet. */
export function createStoreConnection(options: StoreConnectionOptions): StoreConnection {
  const { name, factory, leaderTimeoutMs } = options
  let open: OpenStore | undefined
  let hasLostData = false

  const freshLog = async (): Promise<void> => {
    if (await beginFreshLog(factory(), freshLogName(name))) hasLostData = true
  }

  return {
    async get(mayCreate) {
      if (open) return open
      await freshLog()
      const database = await openStoreDatabase(factory(), databaseName(name), mayCreate, leaderTimeoutMs)
      if (!database) throw lost()
      const opened = { database, leaderTimeoutMs }
      // Browsers close connections by themselves, Safari for pages in the background: the next flush opens a new one.
      database.onclose = () => {
        if (open === opened) open = undefined
      }
      return (open = opened)
    },
    beginFreshLog: freshLog,
    hasLostData: () => hasLostData,
    close() {
      open?.database.close()
      open = undefined
    },
  }
}
