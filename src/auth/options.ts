/** The options of `createAuthDatabase`, and what they come to once checked. */
import { TypystDbError } from '../errors.ts'
import type { StatementLog } from '../drizzle/statement-log.ts'
import type { QueryHooks } from '../internal/query-hooks.ts'
import { refuseUnlessPositive } from '../internal/refuse-unless-positive.ts'
import { parseDataDir } from '../pglite/data-location.ts'
import type { DataLocation } from '../pglite/data-location.ts'
import type { AuthSchema } from '../schema/auth.ts'

/** How to reach the auth database. Every option may be left out. */
export interface AuthDatabaseOptions<TSchema extends Record<string, unknown> = AuthSchema> extends QueryHooks {
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
   * How many connections the pool opens at most. Keep it small where many processes share one server.
   *
   * @defaultValue 10
   */
  readonly maxConnections?: number | undefined
  /**
   * How long to wait for a connection, in milliseconds.
   *
   * @defaultValue 10000
   */
  readonly connectTimeoutMs?: number | undefined
  /**
   * How long `migrate()` waits while another process migrates, in milliseconds.
   *
   * @defaultValue 60000
   */
  readonly migrationLockTimeoutMs?: number | undefined
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

/** A pool of connections to a server. */
export interface PostgresTarget {
  readonly kind: 'postgres'
  readonly connectionString: string
  readonly maxConnections: number
  readonly connectTimeoutMs: number
}

/** PGlite in this process. */
export interface EmbeddedTarget {
  readonly kind: 'embedded'
  readonly location: DataLocation
  readonly dataDir: string
}

const defaultDataDir = '.data/auth'

/**
 * Decides what to connect to.
 *
 * @throws TypystDbError `INVALID_OPTIONS`, never with the connection string in it.
 */
export function resolveTarget(options: Omit<AuthDatabaseOptions, 'schema'>): PostgresTarget | EmbeddedTarget {
  const { connectionString, dataDir, maxConnections = 10, connectTimeoutMs = 10_000 } = options
  if (connectionString === undefined) return resolveEmbedded(dataDir)
  if (!/^postgres(ql)?:\/\/[^\s/]/.test(connectionString)) {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      '`connectionString` is not of the form "postgres://user:password@host:port/database". Check the environment variable it comes from, or leave it out for the embedded default.',
    )
  }
  refuseUnlessPositive({ maxConnections, connectTimeoutMs })
  return { kind: 'postgres', connectionString, maxConnections, connectTimeoutMs }
}

function resolveEmbedded(dataDir: string | undefined): EmbeddedTarget {
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
