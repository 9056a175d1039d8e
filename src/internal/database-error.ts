/** Turns what a database driver threw into a `TypystDbError`, by SQLSTATE, carrying names but never a value. */
import { isTypystDbError, TypystDbError } from '../errors.ts'
import type { TypystDbErrorCode } from '../errors.ts'

type Translation = readonly [code: TypystDbErrorCode, message: string]

/** SQLSTATEs that have an answer of their own; https://www.postgresql.org/docs/current/errcodes-appendix.html */
const translationBySqlState: Readonly<Record<string, Translation>> = {
  '23505': [
    'UNIQUE_VIOLATION',
    'A row with the same unique value already exists. Update that row or use another value.',
  ],
  '23503': [
    'FOREIGN_KEY_VIOLATION',
    'The row refers to one that does not exist, or is still referred to. Write the parent first, or delete the children first.',
  ],
  '23502': ['NOT_NULL_VIOLATION', 'A required column got no value. Pass one.'],
  '23514': ['CHECK_VIOLATION', 'A value breaks a check constraint of the table. Pass one that it allows.'],
  '23P01': [
    'CHECK_VIOLATION',
    'The row conflicts with another under an exclusion constraint. Pass values that do not overlap.',
  ],
  '22021': [
    'INVALID_INPUT',
    'A text holds a character Postgres cannot store, such as the NUL character (U+0000). Remove it and try again.',
  ],
  '22P05': [
    'INVALID_INPUT',
    'A text holds a character Postgres cannot store, such as the NUL character (U+0000). Remove it and try again.',
  ],
  '25006': [
    'READ_ONLY',
    'The transaction or the server is read-only. Write through a primary, or in a read-write transaction.',
  ],
  '25P02': [
    'TRANSACTION_ABORTED',
    'An earlier statement of this transaction failed, so it accepts no more. Roll it back and start again.',
  ],
  '28P01': [
    'AUTHENTICATION_FAILED',
    'The server refused the user name or the password. Check both in the connection string.',
  ],
  '28000': [
    'AUTHENTICATION_FAILED',
    'The server refused this login. Check the user name, the password and whether TLS is required.',
  ],
  '3D000': [
    'DATABASE_NOT_FOUND',
    'The server has no database of that name. Create it, or correct the name in the connection string.',
  ],
  '40001': [
    'SERIALIZATION_FAILURE',
    'Another transaction changed the same rows; this one was rolled back. Run it again.',
  ],
  '40P01': ['SERIALIZATION_FAILURE', 'Two transactions waited for each other; this one was rolled back. Run it again.'],
  '42501': [
    'PERMISSION_DENIED',
    'The database user may not do this. Grant the right, or connect as the owner of the table.',
  ],
  '42601': ['QUERY_FAILED', 'The statement is not valid SQL. Correct it at the given position.'],
  '53100': ['STORAGE_FULL', 'The disk of the database is full; nothing was changed. Free some space and try again.'],
  '53300': ['TOO_MANY_CONNECTIONS', 'The server accepts no more connections. Lower `maxConnections`, or use a pooler.'],
  '55P03': ['QUERY_CANCELED', 'A lock was not available in time; nothing was changed. Try again.'],
  '57014': ['QUERY_CANCELED', 'The statement was canceled, by a timeout or on request; nothing was changed.'],
}

/** The answer for a whole class of SQLSTATEs (its first two characters), where none of its members has its own. */
const translationBySqlStateClass: Readonly<Record<string, Translation>> = {
  '08': [
    'CONNECTION_FAILED',
    'The connection to the server failed. Check that it is up and can be reached, then try again.',
  ],
  '22': ['INVALID_INPUT', 'A value does not fit its type or its column. Correct it and try again.'],
  '23': ['CHECK_VIOLATION', 'The change breaks a constraint of the table.'],
  '42': [
    'SCHEMA_MISMATCH',
    'The statement names a table, column, function or type that is not there as expected. Check the names, and that all migrations ran.',
  ],
  '53': ['LIMIT_EXCEEDED', 'The server ran out of a resource; nothing was changed. Try again, with less at once.'],
  '54': [
    'LIMIT_EXCEEDED',
    'The statement or a value is larger than Postgres allows; nothing was changed. Split it up.',
  ],
  '57': ['CONNECTION_FAILED', 'The server is starting up, shutting down, or ended this session. Try again.'],
  '58': ['QUERY_FAILED', 'The database met an error of its operating system. See the log of the server.'],
}

/** Codes of Node, of postgres.js and of TLS that mean: no connection. */
const connectionFailure =
  /^(CONNECT|ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|ENOENT|EACCES|CERT_|ERR_TLS|ERR_SSL|EPROTO|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_)/

const translationByDriverCode: Readonly<Record<string, Translation>> = {
  CONNECTION_ENDED: ['CLOSED', 'The database was closed. Create a new one to go on.'],
  CONNECTION_DESTROYED: ['CLOSED', 'The database was closed while the query ran. Create a new one to go on.'],
  UNDEFINED_VALUE: ['INVALID_INPUT', 'A parameter is `undefined`. Pass `null` for a missing value.'],
  MAX_PARAMETERS_EXCEEDED: ['LIMIT_EXCEEDED', 'A statement can hold 65,534 parameters. Insert in smaller batches.'],
  SASL_SIGNATURE_MISMATCH: [
    'AUTHENTICATION_FAILED',
    'The server could not prove that it knows the password. Check the host you connect to.',
  ],
  AUTH_TYPE_NOT_IMPLEMENTED: [
    'AUTHENTICATION_FAILED',
    'The server asks for a login method the driver does not have. Use SCRAM or a password.',
  ],
}

/**
 * Translates anything a driver threw. An error that is ours already passes unchanged, so translating twice does no harm.
 *
 * @param thrown - What postgres.js, PGlite, Node or the browser threw.
 * @param fallback - The code and message when nothing is recognised; a plain `QUERY_FAILED` by default.
 */
export function toDatabaseError(
  thrown: unknown,
  fallback: Translation = [
    'QUERY_FAILED',
    'The statement could not be run. Check its text and that each value fits its column.',
  ],
): TypystDbError {
  if (isTypystDbError(thrown)) return thrown
  const source: Record<string, unknown> = typeof thrown === 'object' && thrown !== null ? { ...ownFields(thrown) } : {}
  const code = identifier(source['code']) ?? ''
  const sqlState = /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined
  const [typystCode, message] =
    (sqlState && (translationBySqlState[sqlState] ?? translationBySqlStateClass[sqlState.slice(0, 2)])) ||
    translationByDriverCode[code] ||
    (connectionFailure.test(code)
      ? ([
          'CONNECTION_FAILED',
          `The server cannot be reached (${code}). Check host, port, TLS and that it is running, then try again.`,
        ] as const)
      : undefined) ||
    (source['name'] === 'QuotaExceededError'
      ? (['STORAGE_FULL', "The browser's storage is full. Free some space and try again."] as const)
      : fallback)
  return new TypystDbError(typystCode, message, {
    cause: thrown,
    sqlState,
    constraint: identifier(source['constraint'] ?? source['constraint_name']),
    table: identifier(source['table'] ?? source['table_name']),
    column: identifier(source['column'] ?? source['column_name']),
    schema: identifier(source['schema'] ?? source['schema_name']),
    position: Number(source['position']) || undefined,
  })
}

const fieldNames = ['name', 'code', 'constraint', 'table', 'column', 'schema', 'position'].flatMap((name) => [
  name,
  `${name}_name`,
])

function ownFields(thrown: object): Record<string, unknown> {
  return Object.fromEntries(fieldNames.map((name) => [name, Reflect.get(thrown, name)]))
}

function identifier(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
