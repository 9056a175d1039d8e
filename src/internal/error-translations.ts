/** Which code and message each failure of a driver gets. No message holds anything but names and advice. */
import type { TypystDbErrorCode } from '../errors.ts'

/** What an error becomes. */
export type Translation = readonly [code: TypystDbErrorCode, message: string]

const closed: Translation = ['CLOSED', 'The database was closed. Create a new one to go on.']
const nameMissing =
  'The statement names a table, column, function or type that is not there as expected. Check the names, and that all migrations ran.'
const nameTaken = 'The statement creates something that is there already. Check the name, and which migrations ran.'
const notConvertible =
  'A value cannot be converted to what the database takes, or is too large for it. Pass one of the type of its column.'
const unreachable: Translation = [
  'CONNECTION_FAILED',
  "There is no route to the address of the server, which is how a host that has only IPv6 looks from a network that has only IPv4. Supabase's direct host is one: use the address of its session pooler (port 5432) instead.",
]
const unknownAuthority: Translation = [
  'CONNECTION_FAILED',
  "The server's certificate is signed by an authority that is not known here. Pass the authority's own certificate as `tls: { ca }`; Supabase has one in its dashboard.",
]
const transactionOver =
  'The transaction is over. Wait for each of its queries inside the callback, and use the database itself after it.'
const serverFault = 'The database met an error of its own or of its operating system. See the log of the server.'

/** SQLSTATEs that have an answer of their own; https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const translationBySqlState: Readonly<Record<string, Translation>> = {
  '23505': [
    'UNIQUE_VIOLATION',
    'A row with the same unique value already exists. Update that row or use another value.',
  ],
  '23503': [
    'FOREIGN_KEY_VIOLATION',
    'The row refers to one that does not exist, or is still referred to. Write the parent first, or delete the children first.',
  ],
  '23001': ['FOREIGN_KEY_VIOLATION', 'The row is still referred to. Delete the rows that refer to it first.'],
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
  '25P03': [
    'CONNECTION_FAILED',
    'The server ended the session because a transaction stood idle for too long. Run it again, without waiting in it.',
  ],
  '25P04': [
    'CONNECTION_FAILED',
    'The server ended the session because a transaction took too long. Do less in one, and run it again.',
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
  '3F000': ['SCHEMA_MISMATCH', nameMissing],
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
  '42703': ['SCHEMA_MISMATCH', nameMissing],
  '42704': ['SCHEMA_MISMATCH', nameMissing],
  '42804': ['SCHEMA_MISMATCH', nameMissing],
  '42883': ['SCHEMA_MISMATCH', nameMissing],
  '42P01': ['SCHEMA_MISMATCH', nameMissing],
  '42701': ['SCHEMA_MISMATCH', nameTaken],
  '42710': ['SCHEMA_MISMATCH', nameTaken],
  '42723': ['SCHEMA_MISMATCH', nameTaken],
  '42P06': ['SCHEMA_MISMATCH', nameTaken],
  '42P07': ['SCHEMA_MISMATCH', nameTaken],
  '44000': ['CHECK_VIOLATION', 'The row does not belong to the view it was written through. Write to the table.'],
  '53100': ['STORAGE_FULL', 'The disk of the database is full; nothing was changed. Free some space and try again.'],
  '53300': ['TOO_MANY_CONNECTIONS', 'The server accepts no more connections. Lower `maxConnections`, or use a pooler.'],
  '55P03': ['QUERY_CANCELED', 'A lock was not available in time; nothing was changed. Try again.'],
  '57014': ['QUERY_CANCELED', 'The statement was canceled, by a timeout or on request; nothing was changed.'],
}

/** The answer for a whole class of SQLSTATEs (its first two characters), where none of its members has its own. */
export const translationBySqlStateClass: Readonly<Record<string, Translation>> = {
  '08': [
    'CONNECTION_FAILED',
    'The connection to the server failed. Check that it is up and can be reached, then try again.',
  ],
  '22': ['INVALID_INPUT', 'A value does not fit its type or its column. Correct it and try again.'],
  '23': ['CHECK_VIOLATION', 'The change breaks a constraint of the table. Pass values that keep it.'],
  '40': ['SERIALIZATION_FAILURE', 'The server rolled the transaction back. Run it again.'],
  '42': ['QUERY_FAILED', 'The statement is not one Postgres can run. Correct it at the given position.'],
  '53': ['LIMIT_EXCEEDED', 'The server ran out of a resource; nothing was changed. Try again, with less at once.'],
  '54': [
    'LIMIT_EXCEEDED',
    'The statement or a value is larger than Postgres allows; nothing was changed. Split it up.',
  ],
  '57': ['CONNECTION_FAILED', 'The server is starting up, shutting down, or ended this session. Try again.'],
  '58': ['QUERY_FAILED', serverFault],
  P0: [
    'QUERY_FAILED',
    'A function or trigger of the database refused the statement. Its reason may quote values, so only the log of the server has it.',
  ],
  XX: ['QUERY_FAILED', serverFault],
}

/** Codes of Node, of postgres.js and of TLS that mean: no connection. */
export const connectionFailure =
  /^(CONNECT|ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|ENOENT|EACCES|CERT_|ERR_TLS|ERR_SSL|EPROTO|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_)/

/** Codes of postgres.js and of the file system. */
export const translationByDriverCode: Readonly<Record<string, Translation>> = {
  ENOSPC: ['STORAGE_FULL', 'The disk is full. Free some space and try again.'],
  CONNECTION_CLOSED: [
    'CONNECTION_FAILED',
    'The connection broke while the statement ran; it may have taken effect. Check what is there, then try again.',
  ],
  RESPONSE_TIMEOUT: [
    'CONNECTION_FAILED',
    'The server did not answer in time, so its connection was given up; the statement may have taken effect. Check what is there, then try again; `responseTimeoutMs` says how long to wait.',
  ],
  ANSWER_OUT_OF_ORDER: [
    'CONNECTION_FAILED',
    "The server's answers no longer matched the statements, so the connection was given up; a statement on it may have taken effect. Check what is there, then try again.",
  ],
  SESSION_NOT_IDLE: [
    'CONNECTION_FAILED',
    'A statement left the connection in a transaction, so it was given up and the transaction rolled back. Use `transaction()` instead of a `begin` of your own, then try again.',
  ],
  SESSION_IN_COPY: [
    'CONNECTION_FAILED',
    'A statement began to copy rows through the connection, so it was given up. Insert or select rows instead of `copy`, then try again.',
  ],
  TLS_NOT_OFFERED: [
    'CONNECTION_FAILED',
    'The server does not offer TLS. Turn it on there, or pass `tls: "off"` where the whole way to it is your own network.',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'CONNECTION_FAILED',
    "The server's certificate is for another host name. Connect by a name that is in it, or give the server one that fits.",
  ],
  CERT_HAS_EXPIRED: ['CONNECTION_FAILED', "The server's certificate has expired. Renew it there."],
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  ENETUNREACH: unreachable,
  EHOSTUNREACH: unreachable,
  EADDRNOTAVAIL: unreachable,
  CONNECTION_ENDED: closed,
  CONNECTION_DESTROYED: ['CLOSED', 'The database was closed while the query ran. Create a new one to go on.'],
  SASL_SIGNATURE_MISMATCH: [
    'AUTHENTICATION_FAILED',
    'The server could not prove that it knows the password. Check the host you connect to.',
  ],
  AUTH_TYPE_NOT_IMPLEMENTED: [
    'AUTHENTICATION_FAILED',
    'The server asks for a login method the driver does not have. Use SCRAM or a password.',
  ],
}

/** Errors of PGlite, which have no code, by their message. */
export const translationByMessage: readonly (readonly [message: RegExp, translation: Translation])[] = [
  [/^PGlite is clos(ed|ing)$/, closed],
  [/^Transaction is closed$/, ['TRANSACTION_ABORTED', transactionOver]],
  [/^Invalid input for \w+ type$/, ['INVALID_INPUT', notConvertible]],
]

/** Errors of JavaScript and of the browser, by their name: the drivers convert values with JavaScript's own functions. */
export const translationByName: Readonly<Record<string, Translation>> = {
  TypeError: ['INVALID_INPUT', notConvertible],
  RangeError: ['INVALID_INPUT', notConvertible],
  SyntaxError: ['INVALID_INPUT', notConvertible],
  QuotaExceededError: ['STORAGE_FULL', "The browser's storage is full. Free some space and try again."],
}

/** A login the server ends because of what the connection string asks for, which it reports like a failed statement. */
export const refusedSettings: Translation = [
  'INVALID_OPTIONS',
  'The server refuses an option of the connection. Check what follows the "?" in the connection string.',
]

/** A message the server cannot read: class 08, though the connection stands. */
export const unreadableMessage: Translation = [
  'QUERY_FAILED',
  'The statement and its parameters do not go together. Pass one value for each "$n", and no NUL character (U+0000) in the text.',
]
