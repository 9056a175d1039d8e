/** Decides how to connect to a server: the options, then the connection string, then the preset. */
import { TypystDbError } from '../../errors.ts'
import { refuseUnlessPositive } from '../../internal/refuse-unless-positive.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { parseConnectionUrl } from './connection-url.ts'
import type { ConnectionUrl, Place } from './connection-url.ts'
import { resolveTls } from './tls.ts'
import type { Ssl } from './tls.ts'

/** A pool of connections to a server. */
export interface PostgresTarget {
  readonly kind: 'postgres'
  /** What postgres.js reads, without the parameters that are decided here. */
  readonly connectionString: string
  /** The servers to try, one after the other. */
  readonly places: readonly Place[]
  readonly maxConnections: number
  readonly acquireTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number | undefined
  readonly closeTimeoutMs: number
  /** How long the answer to a statement may take; without end where it is missing. */
  readonly responseTimeoutMs: number | undefined
  readonly ssl: Ssl
  readonly preparesStatements: boolean
  /** Whether a transaction pooler stands in front, which keeps no session. */
  readonly isPooled: boolean
  /** What each session begins with, such as `statement_timeout`. */
  readonly sessionSettings: Readonly<Record<string, string | number>>
  /** The schema of the tables, where it is not the server's choice. */
  readonly postgresSchema: string | undefined
}

const presets = {
  server: { maxConnections: 10, idleTimeoutMs: undefined },
  serverless: { maxConnections: 1, idleTimeoutMs: 20_000 },
} as const

const defaultStatementTimeoutMs = 30_000

/** The timeouts of a session: the option, the setting of Postgres that does it, and the default in milliseconds. */
const sessionTimeouts = [
  ['statementTimeoutMs', 'statement_timeout', defaultStatementTimeoutMs],
  ['lockTimeoutMs', 'lock_timeout', 10_000],
  ['idleInTransactionTimeoutMs', 'idle_in_transaction_session_timeout', 60_000],
] as const

/** Supabase's transaction pooler; its session pooler has the same hosts on port 5432. */
const transactionPoolerPort = 6543

/**
 * Resolves one connection string with the options that go with it.
 *
 * @throws TypystDbError `INVALID_OPTIONS`, never with the connection string in it.
 */
export function resolvePostgres(
  connectionString: string,
  options: ConnectionOptions,
  optionName = 'connectionString',
): PostgresTarget {
  const url = parseConnectionUrl(connectionString, optionName)
  const isPooled = isTransactionPooler(url, options)
  const preset = presets[options.preset ?? 'server'] as (typeof presets)[keyof typeof presets] | undefined
  if (!preset) throw new TypystDbError('INVALID_OPTIONS', '`preset` is "server" or "serverless". Correct it.')
  const ssl = resolveTls(
    options.tls,
    url.parameters.get('sslmode'),
    url.places.map(({ host }) => host),
  )
  const {
    maxConnections = takeNumber(url, 'max') ?? preset.maxConnections,
    acquireTimeoutMs = 30_000,
    connectTimeoutMs = takeSeconds(url, 'connect_timeout') ?? 10_000,
    idleTimeoutMs = takeSeconds(url, 'idle_timeout') ?? preset.idleTimeoutMs,
    closeTimeoutMs = 5000,
    postgresSchema,
  } = options
  refuseUnlessPositive({
    maxConnections,
    acquireTimeoutMs,
    connectTimeoutMs,
    closeTimeoutMs,
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
  })
  refuseForeignSchema(postgresSchema)
  const sessionSettings = resolveSessionSettings(url, options, isPooled)
  const { responseTimeoutMs = afterStatementTimeout(sessionSettings['statement_timeout']) } = options
  if (responseTimeoutMs !== undefined) refuseUnlessPositive({ responseTimeoutMs })
  for (const decided of ['max', 'connect_timeout', 'idle_timeout', 'sslmode', 'ssl', 'pgbouncer', 'prepare']) {
    url.parameters.delete(decided)
  }
  return {
    kind: 'postgres',
    connectionString: url.parameters.size > 0 ? `${url.base}?${url.parameters}` : url.base,
    places: url.places,
    maxConnections,
    acquireTimeoutMs,
    connectTimeoutMs,
    idleTimeoutMs,
    closeTimeoutMs,
    responseTimeoutMs,
    ssl,
    preparesStatements: options.preparedStatements ?? !isPooled,
    isPooled,
    sessionSettings,
    postgresSchema: postgresSchema === 'public' ? undefined : postgresSchema,
  }
}

function isTransactionPooler({ port, parameters }: ConnectionUrl, { pooler }: ConnectionOptions): boolean {
  if (pooler !== undefined) return pooler === 'transaction'
  return port === transactionPoolerPort || parameters.get('pgbouncer') === 'true'
}

function resolveSessionSettings(
  { parameters }: ConnectionUrl,
  options: ConnectionOptions,
  isPooled: boolean,
): Record<string, string | number> {
  const settings: Record<string, string | number> = {}
  for (const [option, setting, byDefault] of sessionTimeouts) {
    const given = options[option]
    if (given !== undefined) refuseUnlessPositive({ [option]: given })
    // A transaction pooler refuses a session's settings, or leaves them to whoever gets the session next.
    if (isPooled && given !== undefined) {
      throw new TypystDbError(
        'INVALID_OPTIONS',
        `\`${option}\` cannot be set through a transaction pooler. Set it for the role instead: alter role … set ${setting} = ….`,
      )
    }
    if (isPooled) continue
    settings[setting] = given ?? parameters.get(setting) ?? byDefault
    parameters.delete(setting)
  }
  if (!isPooled && !saysTimeZone(parameters)) settings['TimeZone'] = 'UTC'
  if (!isPooled && options.postgresSchema !== undefined) {
    parameters.delete('search_path')
    settings['search_path'] = options.postgresSchema
  }
  return settings
}

/** Whether a connection string asks for a zone; without, it is UTC, as what has none is read by `db` and `sql`. */
function saysTimeZone(parameters: URLSearchParams): boolean {
  const asks = /^timezone$|timezone=/i
  return [...parameters].some(([name, value]) => asks.test(name) || (name === 'options' && asks.test(value)))
}

/** How much later than the server's own timeout its answer may come, in milliseconds. */
const graceMs = 5000

/** How long an answer may take where nothing else is said, in milliseconds. */
export const defaultResponseTimeoutMs = defaultStatementTimeoutMs + graceMs

const millisecondsByUnit: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A little more than `statement_timeout`, which Postgres takes as milliseconds or with a unit; nothing when that is off. */
function afterStatementTimeout(setting: string | number | undefined): number | undefined {
  const [, number = '', unit = 'ms'] = /^\s*([\d.]+)\s*(us|ms|s|min|h|d)?\s*$/.exec(String(setting)) ?? []
  const timeoutMs = number === '' ? defaultStatementTimeoutMs : Number(number) * (millisecondsByUnit[unit] ?? 1)
  return timeoutMs > 0 ? timeoutMs + graceMs : undefined
}

/** Schemas that belong to Postgres or to Supabase. */
const foreignSchemas = ['auth', 'storage', 'realtime', 'vault', 'extensions', 'graphql', 'graphql_public', 'drizzle']

/** Refuses a schema that is not for auth tables. */
export function refuseForeignSchema(schema: string | undefined): void {
  if (schema === undefined) return
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema) && !schema.startsWith('pg_') && !foreignSchemas.includes(schema)) return
  throw new TypystDbError(
    'INVALID_OPTIONS',
    '`postgresSchema` is a name of lower-case letters, digits and underscores, and none that belongs to Postgres or Supabase, such as "auth". Choose another, such as "better_auth".',
  )
}

function takeSeconds(url: ConnectionUrl, name: string): number | undefined {
  const seconds = takeNumber(url, name)
  // Zero means no limit to libpq, and the default here.
  return seconds === undefined || seconds === 0 ? undefined : seconds * 1000
}

function takeNumber({ parameters }: ConnectionUrl, name: string): number | undefined {
  const value = parameters.get(name)
  return value === null ? undefined : Number(value)
}
