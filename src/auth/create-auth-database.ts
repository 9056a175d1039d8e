/** Wires a connection, Drizzle, the Better Auth adapter and the migrations into one disposable object. */
import type { BetterAuthOptions } from 'better-auth'
import { getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type { PgTransactionConfig } from 'drizzle-orm/pg-core'
import { createDrizzle } from '../drizzle/create-drizzle.ts'
import type { TypystDatabase } from '../drizzle/create-drizzle.ts'
import { toStatementLog } from '../drizzle/statement-log.ts'
import { checkCalls, checkValue } from '../internal/check-arguments.ts'
import { createLazyConnection } from '../internal/lazy-connection.ts'
import type { Opened } from '../internal/lazy-connection.ts'
import { countConnection, idlePool } from '../internal/pool-status.ts'
import type { PoolStatus } from '../internal/pool-status.ts'
import { refuseUnlessPositive } from '../internal/refuse-unless-positive.ts'
import { observeConnection } from '../internal/observe-connection.ts'
import { refuseSessionChanges } from '../internal/refuse-session-changes.ts'
import { retryConflicts } from '../internal/retry-conflicts.ts'
import type { MigrationStatus } from '../internal/run-migrations.ts'
import { authSchema } from '../schema/auth.ts'
import type { AuthSchema } from '../schema/auth.ts'
import { authCalls, authOptions } from './auth-calls.ts'
import { createBetterAuthAdapter } from './better-auth-adapter.ts'
import type { BetterAuthAdapter } from './better-auth-adapter.ts'
import { openEmbedded } from './connection/embedded-connection.ts'
import { onOwnSession } from './connection/own-session.ts'
import { openPostgres } from './connection/postgres-connection.ts'
import { sharePool } from './connection/shared-pools.ts'
import { inspectExposure, refuseExposure } from './exposure.ts'
import type { ExposureFinding, ExposureOptions } from './exposure.ts'
import { checkHealth } from './health.ts'
import type { HealthReport } from './health.ts'
import {
  migrateAuth,
  readAuthMigrationStatus,
  refusePending,
  rollBackAuth,
  withAuthMigrationLock,
} from './migrate-auth.ts'
import type { OnLockedSession } from './migrate-auth.ts'
import { pooledMigration, resolveMigrationTarget, resolveTarget } from './options.ts'
import type { AuthDatabaseOptions } from './options.ts'
import { assertDatabaseFits, assertSchemaFits } from './schema/verify-auth-schema.ts'
import { createAuthServices } from './services/auth-services.ts'
import type { AuthServices } from './services/auth-services.ts'
import { createSqlTag } from './sql-tag.ts'
import type { SqlTag } from './sql-tag.ts'

/** Drizzle inside a transaction of the auth database. */
export type AuthTransaction<TSchema extends Record<string, unknown> = AuthSchema> = Parameters<
  Parameters<TypystDatabase<TSchema>['transaction']>[0]
>[0]

/** How a transaction runs. */
export interface AuthTransactionOptions extends PgTransactionConfig {
  /**
   * How often to try when another transaction gets in the way, the first time included.
   *
   * @defaultValue 3
   */
  readonly retry?: number | undefined
}

/** The auth database. */
export interface AuthDatabase<TSchema extends Record<string, unknown> = AuthSchema>
  extends AsyncDisposable, AuthServices<TSchema> {
  /** Drizzle, typed for the schema, relational queries included. */
  readonly db: TypystDatabase<TSchema>
  /**
   * A transaction that is run again from its beginning when it loses against another one: a deadlock, or a conflict under
   * `repeatable read` or `serializable`. `run` must therefore do nothing but use `tx`.
   *
   * @param options - `retry`: how often to try, the first time included, 3 by default; and the isolation level and access
   *   mode, as Drizzle has them.
   * @throws TypystDbError `SERIALIZATION_FAILURE` when the last attempt lost too, and whatever `run` throws.
   */
  transaction<T>(run: (tx: AuthTransaction<TSchema>) => Promise<T>, options?: AuthTransactionOptions): Promise<T>
  /** Raw SQL as a tagged template. */
  readonly sql: SqlTag
  /** What `betterAuth({ database })` takes; sign-ups and the like run in transactions. */
  readonly adapter: BetterAuthAdapter
  /** The tables and relations. */
  readonly schema: TSchema
  /**
   * Applies the migrations that are missing, then adds the tables, columns and indexes that `schema` has beyond them; nothing
   * that exists is changed. Any number of processes may call it at once: they take turns.
   *
   * @returns The names of what this call applied: of migrations, then of additions such as `organization` or `user.role`.
   * @throws TypystDbError `MIGRATION_FAILED`, `MIGRATION_EDITED`, `MIGRATION_GAP`, `MIGRATION_LATE`, `MIGRATION_LOCKED` or
   *   `DATABASE_NEWER`.
   */
  migrate(): Promise<string[]>
  /**
   * Undoes the newest migrations, and with them the data in what they added. What `schema` added beyond them stays. For
   * servers and development.
   *
   * @param steps - How many to undo; 1 by default.
   * @returns The names of those it undid, newest first.
   * @throws TypystDbError `MIGRATION_IRREVERSIBLE`, and as `migrate` does.
   */
  rollback(steps?: number): Promise<string[]>
  /**
   * Which migrations the database has and which it lacks, what of `schema` it lacks, and why `migrate()` would refuse its
   * history; changes nothing. What the database has otherwise than `schema` says, only `verifyAuthSchema()` and `migrate()`
   * find out: comparing takes temporary tables, too much for each call of `health()`.
   */
  migrationStatus(): Promise<MigrationStatus>
  /**
   * Compares what Better Auth is going to use with `schema`, and `schema` with the database. Call it before the first
   * request: what is missing is named then, and not by whoever comes to use it.
   *
   * @param options - `auth.options`, or what you passed to `betterAuth`.
   * @throws TypystDbError `SCHEMA_MISMATCH`, naming each table and column, and what to do.
   */
  verifyAuthSchema(options: BetterAuthOptions): Promise<void>
  /**
   * Resolves when the database answers.
   *
   * @throws TypystDbError `CONNECTION_FAILED`, `AUTHENTICATION_FAILED`, `DATABASE_NOT_FOUND`; the next call tries again.
   */
  ready(): Promise<void>
  /**
   * Proves that nobody but your server can get at the auth tables: not Supabase's Data API with its roles `anon` and
   * `authenticated`, not PUBLIC. Looks at rights, row-level security, policies, views and defaults; reads no row.
   *
   * @returns What could be better without showing anything.
   * @throws TypystDbError `DATABASE_EXPOSED`, with what to do; `SCHEMA_MISMATCH` before the first migration.
   */
  assertNotExposed(options?: ExposureOptions): Promise<ExposureFinding[]>
  /** Everything that `assertNotExposed()` looks at, without throwing; `npm run db:doctor:auth` prints it. */
  exposure(options?: ExposureOptions): Promise<ExposureFinding[]>
  /**
   * For a load balancer: whether this process is of use at all, and whether the database answers and is migrated. Never
   * rejects for a database that is down.
   *
   * @param options - `timeoutMs`: how long to wait for the database; 2000 by default.
   */
  health(options?: { readonly timeoutMs?: number | undefined }): Promise<HealthReport>
  /**
   * How many connections are in use, how many calls wait for one, and how many have waited in vain (`acquireTimeoutMs`); for
   * a gauge.
   */
  poolStatus(): PoolStatus
  /** Lets running queries finish, for `closeTimeoutMs` at most, and closes every connection. May be called again. */
  close(): Promise<void>
}

/**
 * Builds a client for the auth database: Postgres by connection string, or the embedded default. Nothing is opened until
 * the first query.
 *
 * @throws TypystDbError `INVALID_OPTIONS` for options that cannot be right.
 *
 * @example
 * ```ts
 * import { betterAuth } from 'better-auth'
 * import { createAuthDatabase } from '@typyst/db/auth'
 *
 * const authDb = createAuthDatabase({ connectionString: process.env['DATABASE_URL'] })
 * export const auth = betterAuth({ database: authDb.adapter, emailAndPassword: { enabled: true } })
 * await authDb.migrate()
 * ```
 */
export function createAuthDatabase<TSchema extends Record<string, unknown>>(
  options: AuthDatabaseOptions<TSchema> & { readonly schema: TSchema },
): AuthDatabase<TSchema>
export function createAuthDatabase(options?: AuthDatabaseOptions): AuthDatabase
export function createAuthDatabase(
  options: AuthDatabaseOptions<Record<string, unknown>> = {},
): AuthDatabase<Record<string, unknown>> {
  const checked = checkValue('`options` of createAuthDatabase()', authOptions, options, 'INVALID_OPTIONS')
  return wireAuthDatabase(checked, checked.schema ?? authSchema, openEmbedded)
}

/** The same with an embedded default of the caller's; tests share one, which takes seconds to start. */
export function wireAuthDatabase<TSchema extends Record<string, unknown>>(
  options: Omit<AuthDatabaseOptions, 'schema'>,
  schema: TSchema,
  openDefault: typeof openEmbedded,
): AuthDatabase<TSchema>
export function wireAuthDatabase(
  options: Omit<AuthDatabaseOptions, 'schema'>,
  schema: Record<string, unknown>,
  openDefault: typeof openEmbedded,
): AuthDatabase<Record<string, unknown>> {
  const target = resolveTarget(options)
  const { migrationLockTimeoutMs = 60_000, onNotice = console.info } = options
  refuseUnlessPositive({ migrationLockTimeoutMs })
  const migrationTarget = target.kind === 'postgres' ? resolveMigrationTarget(options, target) : undefined
  const createConnection = () =>
    createLazyConnection<Opened>(async (failed) =>
      target.kind === 'postgres' ? openPostgres(target) : openDefault(target, onNotice, await failed?.remains?.()),
    )
  const { reusePool = process.env['NODE_ENV'] === 'development' } = options
  const connection = target.kind === 'postgres' && reusePool ? sharePool(target, createConnection) : createConnection()
  const { postgresSchema } = target
  const onLockedSession: OnLockedSession = async (run) => {
    await connection.opened()
    // The embedded default has one session, in one process: nobody else can migrate it.
    if (!migrationTarget) return run(connection)
    if (migrationTarget.isPooled) throw pooledMigration()
    return onOwnSession(migrationTarget, (session) => withAuthMigrationLock(session, migrationLockTimeoutMs, run))
  }
  const pool =
    target.kind === 'postgres'
      ? { connection, status: () => connection.current()?.status?.() ?? idlePool(target.maxConnections) }
      : countConnection(connection)
  const isSetUp = target.kind !== 'postgres' || target.isPooled
  const observed = observeConnection(refuseSessionChanges(pool.connection, isSetUp), options)
  const db = createDrizzle(observed, schema, toStatementLog(options.debug))
  const migrationStatus = () => readAuthMigrationStatus(pool.connection, schema, postgresSchema)
  const tableNames = Object.values(schema)
    .filter((value) => is(value, PgTable))
    .map(getTableName)
  const exposure = (exposureOptions?: ExposureOptions) => inspectExposure(pool.connection, tableNames, exposureOptions)
  const { services, stop } = createAuthServices(db, schema)
  const close = async () => {
    await Promise.all([connection.close(), stop()])
  }
  return checkCalls('', authCalls, {
    ...services,
    db,
    sql: createSqlTag(observed),
    async transaction(run, { retry = 3, ...config } = {}) {
      return retryConflicts(() => db.transaction(run, config), retry)
    },
    adapter: createBetterAuthAdapter(db, schema),
    schema,
    migrate: () => migrateAuth(onLockedSession, schema, postgresSchema),
    async rollback(steps = 1) {
      return rollBackAuth(onLockedSession, postgresSchema, steps)
    },
    migrationStatus,
    exposure,
    async assertNotExposed(exposureOptions) {
      return refuseExposure(await exposure(exposureOptions))
    },
    async verifyAuthSchema(authOptions) {
      await assertSchemaFits(schema, authOptions)
      await assertDatabaseFits(pool.connection, schema)
    },
    async ready() {
      await connection.query('select 1')
    },
    async health({ timeoutMs = 2000 } = {}) {
      const probe = async () => refusePending(await migrationStatus())
      return checkHealth({ isClosed: () => connection.isClosed(), probe }, timeoutMs)
    },
    poolStatus: () => pool.status(),
    close,
    [Symbol.asyncDispose]: close,
  })
}
