/** The one error class of the package, its closed set of codes, and the guard that works across bundles. */

/**
 * Every `code` a {@link TypystDbError} can carry. The README lists the remedy for each.
 *
 * @example
 * ```ts
 * import { typystDbErrorCodes } from '@typyst/db'
 *
 * const titles = new Map(typystDbErrorCodes.map((code) => [code, code.toLowerCase().replaceAll('_', ' ')]))
 * ```
 */
export const typystDbErrorCodes = [
  // Life cycle and configuration
  'CLOSED',
  'DATABASE_IN_USE',
  'INVALID_OPTIONS',
  'STORAGE_UNAVAILABLE',
  'STORAGE_FULL',
  'STORAGE_BLOCKED',
  'STORAGE_INCOMPATIBLE',
  'STORAGE_NEWER',
  'STORAGE_DAMAGED',
  'ENGINE_FAILED',
  // Tabs that share a database through workers
  'WORKER_FAILED',
  'LEADER_CHANGED',
  'SCHEMA_OUTDATED',
  // Files of an app
  'ASSETS_UNAVAILABLE',
  'RELOAD_NEEDED',
  // Exports and imports
  'EXPORT_INVALID',
  'EXPORT_NEWER',
  'PASSPHRASE_WRONG',
  'OWNER_MISMATCH',
  // Connection
  'CONNECTION_FAILED',
  'AUTHENTICATION_FAILED',
  'DATABASE_NOT_FOUND',
  'TOO_MANY_CONNECTIONS',
  'POOL_TIMEOUT',
  'DATABASE_EXPOSED',
  // Migrations
  'MIGRATION_FAILED',
  'MIGRATION_EDITED',
  'MIGRATION_GAP',
  'MIGRATION_LATE',
  'MIGRATION_LOCKED',
  'MIGRATION_IRREVERSIBLE',
  'DATABASE_NEWER',
  // Queries
  'UNIQUE_VIOLATION',
  'FOREIGN_KEY_VIOLATION',
  'NOT_NULL_VIOLATION',
  'CHECK_VIOLATION',
  'INVALID_INPUT',
  'NOT_FOUND',
  'LIMIT_EXCEEDED',
  'PERMISSION_DENIED',
  'SCHEMA_MISMATCH',
  'SERIALIZATION_FAILURE',
  'QUERY_CANCELED',
  'TRANSACTION_ABORTED',
  'TRANSACTION_BLOCKED',
  'READ_ONLY',
  'STATEMENT_REFUSED',
  'QUERY_FAILED',
] as const

/** One of {@link typystDbErrorCodes}. */
export type TypystDbErrorCode = (typeof typystDbErrorCodes)[number]

/** What an error may tell beside its message: names from the database's catalog, never a value. */
export interface TypystDbErrorDetails {
  /** The five-character SQLSTATE Postgres reported, such as `23505`. */
  readonly sqlState?: string | undefined
  /** The constraint that was violated. */
  readonly constraint?: string | undefined
  /** The table the failure concerns. */
  readonly table?: string | undefined
  /** The column the failure concerns. */
  readonly column?: string | undefined
  /** The schema of that table. */
  readonly schema?: string | undefined
  /** Where in the statement's text Postgres stopped, counted in characters from 1. */
  readonly position?: number | undefined
  /** The migration the failure concerns. */
  readonly migration?: string | undefined
}

/** Options of the {@link TypystDbError} constructor. */
export interface TypystDbErrorOptions extends TypystDbErrorDetails {
  /** What was thrown underneath. Only a copy with its name, its code and its stack frames is kept. */
  readonly cause?: unknown
}

// Registered globally, so that two copies of this module (bundled twice) recognise each other's errors.
const brand = Symbol.for('@typyst/db.TypystDbError')

/**
 * Every failure of this package, from every entry. Branch on `code`; show `message`, which says what happened and what
 * to do next. Neither the message nor `stack`, `cause` or `toJSON()` holds a row's value, a query parameter, a password,
 * a token or a connection string.
 *
 * @example
 * ```ts
 * import { isTypystDbError } from '@typyst/db'
 *
 * export function explain(error: unknown): string {
 *   if (isTypystDbError(error) && error.code === 'UNIQUE_VIOLATION') return `Already taken (${error.constraint})`
 *   throw error
 * }
 * ```
 */
export class TypystDbError extends Error {
  override readonly name = 'TypystDbError'
  readonly code: TypystDbErrorCode
  declare readonly sqlState?: string
  declare readonly constraint?: string
  declare readonly table?: string
  declare readonly column?: string
  declare readonly schema?: string
  declare readonly position?: number
  declare readonly migration?: string

  constructor(code: TypystDbErrorCode, message: string, { cause, ...details }: TypystDbErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause: withoutValues(cause) })
    this.code = code
    for (const [key, value] of Object.entries(details)) {
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true })
    }
    Object.defineProperty(this, brand, { value: true })
  }

  /** What a log needs: code, message and catalog names. The cause is left out. */
  toJSON(): TypystDbErrorDetails & { name: string; code: TypystDbErrorCode; message: string } {
    const { name, code, message, sqlState, constraint, table, column, schema, position, migration } = this
    return { name, code, message, sqlState, constraint, table, column, schema, position, migration }
  }
}

/**
 * Tells a {@link TypystDbError} from anything else, also when this package was bundled twice and `instanceof` fails.
 *
 * @example
 * ```ts
 * import { isTypystDbError } from '@typyst/db'
 *
 * const isTaken = (error: unknown) => isTypystDbError(error) && error.code === 'DATABASE_IN_USE'
 * ```
 */
export function isTypystDbError(error: unknown): error is TypystDbError {
  try {
    return typeof error === 'object' && error !== null && brand in error
  } catch {
    // A proxy, which may throw at everything.
    return false
  }
}

/**
 * A copy of a cause that can be logged: drivers put parameters, row values and passwords into messages and own
 * properties, so only the name, the code and the stack's frames survive.
 */
function withoutValues(cause: unknown): Error {
  if (isTypystDbError(cause)) return cause
  try {
    return copyWithoutValues(cause)
  } catch {
    // What is thrown may be anything, and throw in its turn when it is looked at.
    return copyWithoutValues(undefined)
  }
}

function copyWithoutValues(cause: unknown): Error {
  const source = cause instanceof Error ? cause : undefined
  const code: unknown = source && 'code' in source ? source.code : undefined
  const copy = new Error(typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code) ? code : 'details removed')
  // Only names that look like an error's class: a name can be set to anything.
  copy.name = source && /^[A-Za-z]{0,40}(error|Error|Exception)$/.test(source.name) ? source.name : 'Error'
  copy.stack = [`${copy.name}: ${copy.message}`, ...stackFrames(source)].join('\n')
  return copy
}

/** A line of V8's stacks (`    at f (file:1:2)`), or of Firefox's and Safari's (`f@file:1:2`). */
const stackFrame = /^(\s+at .+|[^\s@]*@.+):\d+:\d+\)?$/

/** The stack's lines after the message, which may have lines that look like theirs. */
function stackFrames(error: Error | undefined): string[] {
  if (typeof error?.stack !== 'string') return []
  const messageStart = error.stack.lastIndexOf(error.message)
  const lines = error.stack.slice(Math.max(0, messageStart) + (messageStart < 0 ? 0 : error.message.length)).split('\n')
  // A stack that does not begin with this message begins with a frame, or with a message that was changed later.
  if (messageStart < 0 && !stackFrame.test(lines[0] ?? '')) return []
  return lines.filter((line) => stackFrame.test(line))
}
