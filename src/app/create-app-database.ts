/** Wires the lazy connection, Drizzle and the PGlite facade into one disposable object. */
import type { PGliteInterface } from '@electric-sql/pglite'
import { createDrizzle } from '../drizzle/create-drizzle.ts'
import type { TypystDatabase } from '../drizzle/create-drizzle.ts'
import { toStatementLog } from '../drizzle/statement-log.ts'
import { checkCalls, checkValue } from '../internal/check-arguments.ts'
import { atDriverEdge } from '../internal/driver-edge.ts'
import { loadCode } from '../internal/load-code.ts'
import { observeConnection } from '../internal/observe-connection.ts'
import { createTransactionGate, gateTransactions } from '../internal/transaction-gate.ts'
import { parseDataDir } from '../pglite/data-location.ts'
import { appSchema } from '../schema/app.ts'
import type { AppSchema } from '../schema/app.ts'
import type { AppStatus } from './app-status.ts'
import { appCalls, appOptions } from './app-calls.ts'
import { createAppConnection } from './connection/app-connection.ts'
import { createPageEngine } from './connection/page-engine.ts'
import { createPgClient } from './connection/pg-client.ts'
import { createChangeFeed } from './live/change-feed.ts'
import { createLiveQuery } from './live/live-query.ts'
import type { LiveQuery, LiveSource } from './live/live-query.ts'
import { appMigrations } from './migrations.generated.ts'
import { toPhaseListener } from './open-progress.ts'
import { hasAppTables } from './data/app-tables.ts'
import type { AppTables } from './data/app-tables.ts'
import { createAppData } from './data/app-data.ts'
import type { AppData } from './data/app-data.ts'
import type { AppDatabaseOptions } from './options.ts'
import { indexWhenIdle } from './search/index-when-idle.ts'
import type { Search } from './search/search.ts'
import { canShare, createWorkerEngine } from './tab/open-through-worker.ts'
import { createTransfer } from './transfer/transfer.ts'
import type { Transfer } from './transfer/transfer.ts'

/**
 * The app database: Drizzle, its life cycle, and with the package's own tables the repositories of `AppData`. A schema that
 * leaves those tables out has no repositories.
 */
export type AppDatabase<TSchema extends Record<string, unknown> = AppSchema> = AppDatabaseCore<TSchema> &
  (TSchema extends AppTables ? AppData<AppTransaction<TSchema>> : unknown)

/** What `app.db.transaction` gives its callback. */
export type AppTransaction<TSchema extends Record<string, unknown> = AppSchema> = Parameters<
  Parameters<TypystDatabase<TSchema>['transaction']>[0]
>[0]

/** What an app database offers whatever its schema is. */
export interface AppDatabaseCore<TSchema extends Record<string, unknown> = AppSchema> extends AsyncDisposable {
  /** Drizzle, typed for the schema, relational queries included. Every query waits for the opening by itself. */
  readonly db: TypystDatabase<TSchema>
  /** The PGlite interface for raw SQL; it waits for the opening too. */
  readonly pgClient: PGliteInterface
  /** The tables and relations. */
  readonly schema: TSchema
  /**
   * Finds entries by the words in their titles and contents, best first, with what was found marked.
   *
   * @example
   * ```ts
   * import { createAppDatabase } from '@typyst/db/app'
   *
   * const app = createAppDatabase()
   * const { results } = await app.search('tomato sou') // as one types
   * for (const { title, snippetParts } of results) console.log(title, snippetParts)
   * ```
   */
  readonly search: Search
  /**
   * Keeps the result of a query up to date: a store that runs it again when a table it reads has changed, by whatever
   * statement and in whatever tab. Rows are what the query gives; those that did not change stay the same objects.
   *
   * @param query - A select or relational query of `db`, not awaited.
   *
   * @example
   * ```ts
   * import { createAppDatabase } from '@typyst/db/app'
   *
   * const app = createAppDatabase()
   * const notes = app.live(app.db.query.entry.findMany({ with: { collection: true } }))
   * const unsubscribe = notes.subscribe(({ status, data }) => {
   *   if (status === 'ready') console.log(data.length)
   * })
   * ```
   */
  live<TResult>(query: LiveSource<TResult>): LiveQuery<TResult>
  /** Imports and exports: everything, entries from any source, Markdown files. */
  readonly transfer: Transfer
  /**
   * Resolves when the database is open and migrated. Callers share one opening; after a failed one the next call retries.
   *
   * @throws TypystDbError `DATABASE_IN_USE` when another tab has it open, `STORAGE_UNAVAILABLE`, `ASSETS_UNAVAILABLE` when
   *   files that it needs cannot be had, `CLOSED`, and what the migrations throw.
   */
  ready(): Promise<void>
  /**
   * Resolves when every acknowledged change is stored. With `durability: 'strict'` there is nothing to wait for.
   *
   * @throws TypystDbError `STORAGE_FULL` or `STORAGE_UNAVAILABLE` when it cannot be; it is kept and tried again.
   *   `LEADER_CHANGED`, once, when with `durability: 'relaxed'` and `worker` some of it went with the tab that held the
   *   database.
   */
  flush(): Promise<void>
  /**
   * Fetches and compiles the code that opening needs, WebAssembly included, without opening anything.
   *
   * @throws TypystDbError `ASSETS_UNAVAILABLE` when it cannot be fetched; opening tries again by itself.
   */
  preload(): Promise<void>
  /** Where the database lies, whether it lasts and why not, bytes used, the quota; opens nothing and never throws. */
  status(): Promise<AppStatus>
  /** Closes the database; what runs then fails with `CLOSED`. May be called again. */
  close(): Promise<void>
  /**
   * Closes the database and deletes it with all its data.
   *
   * @throws TypystDbError `DATABASE_IN_USE` when another tab or process has it open, `STORAGE_BLOCKED` when something
   *   other than this package does, or a tab that stands still: the browser then deletes it when that one lets go.
   */
  destroy(): Promise<void>
}

/**
 * Builds the app database. Synchronous, and nothing is opened until first use, so it may stand at the top of a module that
 * also runs on a server.
 *
 * @throws TypystDbError `INVALID_OPTIONS` for a `dataDir` that cannot be one.
 *
 * @example
 * ```ts
 * import { createAppDatabase } from '@typyst/db/app'
 *
 * export const app = createAppDatabase()
 * const rows = await app.db.select().from(app.schema.entry)
 * ```
 */
export function createAppDatabase<TSchema extends Record<string, unknown>>(
  options: AppDatabaseOptions<TSchema> & { readonly schema: TSchema },
): AppDatabase<TSchema>
export function createAppDatabase(options?: AppDatabaseOptions): AppDatabase
export function createAppDatabase(
  options: AppDatabaseOptions<Record<string, unknown>> = {},
): AppDatabase<Record<string, unknown>> {
  const checked = checkValue('`options` of createAppDatabase()', appOptions, options, 'INVALID_OPTIONS')
  const {
    dataDir = 'idb://typyst',
    durability = 'strict',
    memoryFallback = false,
    onStorageChange,
    onProgress,
    schema = appSchema,
    migrations = [],
    debug,
    worker,
    leaderTimeoutMs = 4_000,
    transactionIdleTimeoutMs = 10_000,
    onEvent = () => undefined,
  } = checked
  const location = parseDataDir(dataDir)
  const openOptions = { durability, memoryFallback, onStorageChange, onPhase: toPhaseListener(onProgress) }
  const allMigrations = { app: appMigrations, consumer: migrations }
  const engine =
    worker && location.kind !== 'folder' && canShare()
      ? createWorkerEngine({
          ...openOptions,
          location,
          migrations: allMigrations,
          createWorker: worker,
          leaderTimeoutMs,
          transactionIdleTimeoutMs,
          onEvent(event) {
            if (event.type === 'leader-changed') feed.missed()
            onEvent(event)
          },
          onDestroyed: () => void close(),
          openInMemory: () => createPageEngine({ kind: 'memory' }, openOptions, allMigrations).open(),
        })
      : createPageEngine(location, openOptions, allMigrations)
  let hasOpened = false
  const connection = createAppConnection(location, engine, ({ client }) => {
    resume(client)
    // It was opened again after its engine had failed, so what ran then may have gone untold.
    if (hasOpened) feed.missed()
    hasOpened = true
    stopIndexing()
    stopIndexing = indexWhenIdle(indexing, feed, () => engine.role() !== 'follower')
  })
  let stopIndexing = () => {}
  const close = () => {
    stopIndexing()
    return connection.close()
  }
  const gate = createTransactionGate(transactionIdleTimeoutMs)
  const { pgClient, resume } = createPgClient(connection, gate)
  const feed = createChangeFeed(pgClient)
  const gated = gateTransactions(connection, gate)
  const observed = observeConnection(gated, checked)
  // To index is no change that anybody made, so it is not in the log of changes.
  const indexing = observeConnection(gated, { ...checked, logger: undefined })
  const db = createDrizzle(observed, schema, toStatementLog(debug), transactionIdleTimeoutMs)
  const flush = () => connection.use((opened) => atDriverEdge(() => opened.flush()))
  const scrub = () => connection.use((opened) => atDriverEdge(() => opened.scrub()))
  const search: Search = async (text, options) => (await loadSearch()).search({ observed, indexing }, text, options)
  return checkCalls('', appCalls, {
    ...(hasAppTables(schema) ? createAppData({ db, search, scrub }) : {}),
    db,
    pgClient,
    schema,
    search,
    live: (query) => createLiveQuery(query, observed, feed),
    transfer: createTransfer(observed),
    async ready() {
      await connection.opened()
    },
    flush,
    preload: () => engine.preload(),
    status: () => connection.status(),
    close,
    destroy() {
      stopIndexing()
      return connection.destroy()
    },
    [Symbol.asyncDispose]: close,
  })
}

/** The search's code, which an app needs only when somebody searches. */
function loadSearch(): Promise<typeof import('./search/search.ts')> {
  return loadCode(() => import('./search/search.ts'))
}
