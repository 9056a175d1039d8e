/** Wires a connection, Drizzle, the Better Auth adapter and the migrations into one disposable object. */
import type { BetterAuthOptions } from 'better-auth'
import { createDrizzle } from '../drizzle/create-drizzle.ts'
import type { TypystDatabase } from '../drizzle/create-drizzle.ts'
import { toStatementLog } from '../drizzle/statement-log.ts'
import { createLazyConnection } from '../internal/lazy-connection.ts'
import { countConnections } from '../internal/pool-status.ts'
import type { PoolStatus } from '../internal/pool-status.ts'
import { refuseUnlessPositive } from '../internal/refuse-unless-positive.ts'
import { observeConnection } from '../internal/observe-connection.ts'
import type { MigrationStatus } from '../internal/run-migrations.ts'
import { authSchema } from '../schema/auth.ts'
import type { AuthSchema } from '../schema/auth.ts'
import { createBetterAuthAdapter } from './better-auth-adapter.ts'
import type { BetterAuthAdapter } from './better-auth-adapter.ts'
import { openEmbedded } from './connection/embedded-connection.ts'
import { onOwnSession } from './connection/own-session.ts'
import { createPostgresConnection } from './connection/postgres-connection.ts'
import { migrateAuth, readAuthMigrationStatus, rollBackAuth, withAuthMigrationLock } from './migrate-auth.ts'
import type { OnLockedSession } from './migrate-auth.ts'
import { resolveTarget } from './options.ts'
import type { AuthDatabaseOptions } from './options.ts'
import { assertDatabaseFits, assertSchemaFits } from './schema/verify-auth-schema.ts'
import { createAuthServices } from './services/auth-services.ts'
import type { AuthServices } from './services/auth-services.ts'
import { createSqlTag } from './sql-tag.ts'
import type { SqlTag } from './sql-tag.ts'

/** The auth database. */
export interface AuthDatabase<TSchema extends Record<string, unknown> = AuthSchema>
  extends AsyncDisposable, AuthServices<TSchema> {
  /** Drizzle, typed for the schema, relational queries included. */
  readonly db: TypystDatabase<TSchema>
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
   * Which migrations the database has and which it lacks, and what of `schema` it lacks; changes nothing.
   *
   * @throws TypystDbError as `migrate` does when it refuses.
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
  /** How many connections are in use and how many calls wait for one, at this moment; for a gauge. */
  poolStatus(): PoolStatus
  /** Lets running queries finish, for five seconds at most, and closes every connection. May be called again. */
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
  const target = resolveTarget(options)
  const { migrationLockTimeoutMs = 60_000, onNotice = console.info, schema = authSchema } = options
  refuseUnlessPositive({ migrationLockTimeoutMs })
  const connection = createLazyConnection(async () =>
    target.kind === 'postgres' ? createPostgresConnection(target) : openEmbedded(target, onNotice),
  )
  const onLockedSession: OnLockedSession = async (run) => {
    await connection.opened()
    // The embedded default has one session, in one process: nobody else can migrate it.
    if (target.kind === 'embedded') return run(connection)
    return onOwnSession(target, (session) => withAuthMigrationLock(session, migrationLockTimeoutMs, run))
  }
  const pool = countConnections(connection, target.kind === 'postgres' ? target.maxConnections : 1)
  const observed = observeConnection(pool.connection, options)
  const db = createDrizzle(observed, schema, toStatementLog(options.debug))
  const { services, stop } = createAuthServices(db, schema)
  const close = async () => {
    await Promise.all([connection.close(), stop()])
  }
  return {
    ...services,
    db,
    sql: createSqlTag(observed),
    adapter: createBetterAuthAdapter(db, schema),
    schema,
    migrate: () => migrateAuth(onLockedSession, schema),
    async rollback(steps = 1) {
      refuseUnlessPositive({ steps })
      return rollBackAuth(onLockedSession, steps)
    },
    migrationStatus: () => readAuthMigrationStatus(connection, schema),
    async verifyAuthSchema(authOptions) {
      await assertSchemaFits(schema, authOptions)
      await assertDatabaseFits(connection, schema)
    },
    async ready() {
      await connection.query('select 1')
    },
    poolStatus: () => pool.status(),
    close,
    [Symbol.asyncDispose]: close,
  }
}
