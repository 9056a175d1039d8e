/** The options of `createAppDatabase`. */
import type { StatementLog } from '../drizzle/statement-log.ts'
import type { Migration } from '../internal/migration.ts'
import type { QueryHooks } from '../internal/query-hooks.ts'
import type { AppEvent } from './app-event.ts'
import type { BlockStoreState } from './storage/block-store-types.ts'
import type { AppSchema } from '../schema/app.ts'
import type { OpenProgress } from './open-progress.ts'

/** Where the app database lives and what is in it. Every option may be left out. */
export interface AppDatabaseOptions<TSchema extends Record<string, unknown> = AppSchema> extends QueryHooks {
  /**
   * `idb://name` in a browser, `memory://` anywhere, or the path of a folder in Node.
   *
   * @defaultValue `idb://typyst`
   */
  readonly dataDir?: string | undefined
  /**
   * When a change in `idb://` counts as made. `strict`: when it is on disk. `relaxed`: at once; it is stored within 0.1 s,
   * and when the page is hidden or left, so a crash loses at most that and never leaves half a transaction.
   *
   * @defaultValue `strict`
   */
  readonly durability?: 'strict' | 'relaxed' | undefined
  /**
   * Called when the state of an `idb://` database's storage changes: changes wait to be stored, storing them failed (and
   * why), or everything is stored.
   *
   * @defaultValue none
   */
  readonly onStorageChange?: ((state: BlockStoreState) => void) | undefined
  /**
   * Opens the database in memory where the browser lets the page store nothing at all, as with cookies blocked. Any other
   * `STORAGE_UNAVAILABLE` stays one, because there may be data that are only out of reach. What is in memory is gone with the
   * page: `status()` says so, and your app should too.
   *
   * @defaultValue false
   */
  readonly memoryFallback?: boolean | undefined
  /**
   * Told of each phase of an opening as it begins, so that a page can show a bar.
   *
   * @defaultValue none
   */
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined
  /**
   * Makes the app's worker, whose file calls `serveAppDatabase()` of `@typyst/db/app/worker`. All tabs share the database
   * then. Called on first use, never on a server. Without one, or where the browser has no workers, one tab at a time has
   * the database open.
   *
   * @defaultValue none
   */
  readonly worker?: (() => Worker) | undefined
  /**
   * With `worker`, how long the tab that holds the database may be silent before another takes its place, in milliseconds.
   * Nothing waits longer than twice that for a leader. As long, one that stands still may be in the way of the storage:
   * then queries fail with `STORAGE_BLOCKED`. A statement that keeps the other tabs waiting for twice as long is taken for
   * one without an end: its leader is replaced, and after three times it fails. Raise this where statements take longer.
   *
   * @defaultValue 4000
   */
  readonly leaderTimeoutMs?: number | undefined
  /**
   * With `worker`, told when another tab took the database over, when newer code migrated it, when this tab needs a reload
   * to go on, and when another tab deleted it.
   *
   * @defaultValue none
   */
  readonly onEvent?: ((event: AppEvent) => void) | undefined
  /**
   * The tables and relations `db` knows: `{ ...appSchema, tag }` extends the package's own, anything else replaces them.
   *
   * @defaultValue `appSchema`
   */
  readonly schema?: TSchema | undefined
  /**
   * Your own migrations, applied after the package's and recorded apart from them. `migrationsFromDrizzleKit` makes the
   * list from drizzle-kit's files.
   *
   * @defaultValue none
   */
  readonly migrations?: readonly Migration[] | undefined
  /**
   * How long a query waits, in milliseconds, for a transaction that does nothing, before it is refused with
   * `TRANSACTION_BLOCKED`. Two kinds of queries do: one that a transaction's callback sends to the database itself instead
   * of to its `tx`, which would wait for ever, and one from elsewhere while a callback waits for something slow. With
   * `worker`, a transaction that sends nothing for so long while queries of other tabs wait is rolled back.
   *
   * @defaultValue 10000
   */
  readonly transactionIdleTimeoutMs?: number | undefined
  /**
   * Shows each statement's text before it runs, never its parameters: `true` for `console.debug`, or a function.
   *
   * @defaultValue false
   */
  readonly debug?: boolean | StatementLog | undefined
}
