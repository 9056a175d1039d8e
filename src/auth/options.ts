/** The options of `createAuthDatabase`, and what they come to once checked. */
import { TypystDbError } from '../errors.ts'
import type { StatementLog } from '../drizzle/statement-log.ts'
import type { QueryHooks } from '../internal/query-hooks.ts'
import { parseDataDir } from '../pglite/data-location.ts'
import type { DataLocation } from '../pglite/data-location.ts'
import type { AuthSchema } from '../schema/auth.ts'
import type { ConnectionOptions } from './connection/connection-options.ts'
import { defaultResponseTimeoutMs, refuseForeignSchema, resolvePostgres } from './connection/postgres-target.ts'
import type { PostgresTarget } from './connection/postgres-target.ts'

/** How to reach the auth database. Every option may be left out. */
export interface AuthDatabaseOptions<TSchema extends Record<string, unknown> = AuthSchema>
  extends ConnectionOptions, QueryHooks {
  /**
   * `postgres://user:password@host:port/database`, with `?sslmode=require` and the like as libpq has them. Without one the
   * embedded default is opened; an empty one is an error, because that is an environment variable gone wrong.
   *
   * @defaultValue none: PGlite in `dataDir`
   */
  readonly connectionString?: string | undefined
  /**
   * Where the embedded default lives: a folder, or `memory://`. Only used without `connectionString`, and required then
   * when `NODE_ENV` is `production`.
   *
   * @defaultValue `.data/auth`
   */
  readonly dataDir?: string | undefined
  /**
   * The tables and relations `db` and the adapter know, from `defineAuthSchema`: with plugins or extra fields there are more
   * than the core ones.
   *
   * @defaultValue the core tables
   */
  readonly schema?: TSchema | undefined
  /**
   * A connection string for `migrate()` and `rollback()` alone: a direct connection, where `connectionString` goes through a
   * transaction pooler, or the owner of the tables, where the server's own role is not.
   *
   * @defaultValue `connectionString`
   */
  readonly migrationUrl?: string | undefined
  /**
   * How long `migrate()` waits while another process migrates, in milliseconds.
   *
   * @defaultValue 60000
   */
  readonly migrationLockTimeoutMs?: number | undefined
  /**
   * Uses the pool that an earlier call with the same connection string opened in this process, so that hot reload opens no
   * more connections each time. Closing one closes it for all.
   *
   * @defaultValue true when `NODE_ENV` is `development`
   */
  readonly reusePool?: boolean | undefined
  /**
   * Shows each statement's text before it runs, never its parameters: `true` for `console.debug`, or a function.
   *
   * @defaultValue false
   */
  readonly debug?: boolean | StatementLog | undefined
  /**
   * Where the one notice goes that the embedded default is in use.
   *
   * @defaultValue `console.info`
   */
  readonly onNotice?: ((message: string) => void) | undefined
}

/** PGlite in this process. */
export interface EmbeddedTarget {
  readonly kind: 'embedded'
  readonly location: DataLocation
  readonly dataDir: string
  readonly postgresSchema: string | undefined
}

const defaultDataDir = '.data/auth'

/**
 * Decides what to connect to.
 *
 * @throws TypystDbError `INVALID_OPTIONS`, never with the connection string in it.
 */
export function resolveTarget(options: Omit<AuthDatabaseOptions, 'schema'>): PostgresTarget | EmbeddedTarget {
  const { connectionString, dataDir, postgresSchema } = options
  if (connectionString !== undefined) return resolvePostgres(connectionString, options)
  refuseForeignSchema(postgresSchema)
  return { ...resolveEmbedded(dataDir), postgresSchema: postgresSchema === 'public' ? undefined : postgresSchema }
}

/**
 * Decides what to migrate through: one session, without a limit to how long a statement takes; `responseTimeoutMs` is after
 * how long a silence it is asked about.
 *
 * @throws TypystDbError `INVALID_OPTIONS` for a `migrationUrl` that cannot be one.
 */
export function resolveMigrationTarget(
  options: Omit<AuthDatabaseOptions, 'schema'>,
  target: PostgresTarget,
): PostgresTarget {
  const { migrationUrl } = options
  const direct =
    migrationUrl === undefined
      ? target
      : resolvePostgres(migrationUrl, { ...options, pooler: undefined }, 'migrationUrl')
  if (migrationUrl !== undefined && direct.isPooled) throw pooledMigration()
  const sessionSettings = { ...direct.sessionSettings, statement_timeout: 0 }
  const { responseTimeoutMs = defaultResponseTimeoutMs } = direct
  return { ...direct, maxConnections: 1, responseTimeoutMs, sessionSettings }
}

/** What migrating through a transaction pooler fails with: it would lose the lock between two statements. */
export function pooledMigration(): TypystDbError {
  return new TypystDbError(
    'INVALID_OPTIONS',
    'Migrations need a session, which a transaction pooler does not keep. Pass a direct connection as `migrationUrl`; with Supabase, the session pooler on port 5432 does.',
  )
}

function resolveEmbedded(dataDir: string | undefined): Omit<EmbeddedTarget, 'postgresSchema'> {
  if (dataDir === undefined && process.env['NODE_ENV'] === 'production') {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      'There is no `connectionString`, and with NODE_ENV=production the embedded default has to be asked for. Set the connection string, or pass `dataDir`.',
    )
  }
  const location = parseDataDir(dataDir ?? defaultDataDir)
  if (location.kind === 'indexeddb') {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      '`dataDir` of an auth database is a folder or "memory://". IndexedDB is for `@typyst/db/app`.',
    )
  }
  return { kind: 'embedded', location, dataDir: dataDir ?? defaultDataDir }
}
