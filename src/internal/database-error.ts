/** Turns what a database driver threw into a `TypystDbError`, by SQLSTATE, carrying names but never a value. */
import { isTypystDbError, TypystDbError } from '../errors.ts'
import {
  connectionFailure,
  refusedSettings,
  translationByDriverCode,
  translationByMessage,
  translationByName,
  translationBySqlState,
  translationBySqlStateClass,
  unreadableMessage,
} from './error-translations.ts'
import type { TypystDbErrorDetails } from '../errors.ts'
import type { Translation } from './error-translations.ts'

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
  const field = fieldsOf(thrown)
  const code = /^[A-Z0-9_]{2,40}$/.exec(field('code') ?? '')?.[0] ?? ''
  const sqlState = /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined
  const translation = sqlState
    ? bySqlState(sqlState, field('severity'))
    : byDriver(code, field('name'), field('message'))
  const [typystCode, message] = translation ?? fallback
  return new TypystDbError(typystCode, message, {
    cause: thrown,
    sqlState,
    ...namesOf(field),
    position: Number(field('position')) || undefined,
  })
}

/** The files of Postgres that name a constraint, a column or a table; each takes the name from the catalog. */
const namingFiles = new Set([
  'execExprInterp.c',
  'execIndexing.c',
  'execMain.c',
  'execPartition.c',
  'domains.c',
  'index.c',
  'nbtinsert.c',
  'nodeModifyTable.c',
  'partbounds.c',
  'ri_triggers.c',
  'tablecmds.c',
  'tuplesort.c',
  'tuplesortvariants.c',
  'typecmds.c',
])

/** The names in an error. A trigger can raise one with whatever it likes in their place, a row's value above all. */
function namesOf(field: (name: string) => string | undefined): TypystDbErrorDetails {
  const file = field('file')
  if (file !== undefined && !namingFiles.has(file)) return {}
  return {
    constraint: field('constraint') ?? field('constraint_name'),
    table: field('table') ?? field('table_name'),
    column: field('column') ?? field('column_name'),
    schema: field('schema') ?? field('schema_name'),
  }
}

function bySqlState(sqlState: string, severity: string | undefined): Translation | undefined {
  const sqlStateClass = sqlState.slice(0, 2)
  // A statement fails with severity ERROR; FATAL ends the session, and poolers report failed logins as 08P01 with it.
  if (severity === 'ERROR' && sqlState === '08P01') return unreadableMessage
  if (severity === 'FATAL' && (sqlStateClass === '22' || (sqlStateClass === '42' && sqlState !== '42501')))
    return refusedSettings
  return translationBySqlState[sqlState] ?? translationBySqlStateClass[sqlStateClass]
}

function byDriver(code: string, name = '', message = ''): Translation | undefined {
  if (Object.hasOwn(translationByDriverCode, code)) return translationByDriverCode[code]
  if (connectionFailure.test(code)) {
    return [
      'CONNECTION_FAILED',
      `The server cannot be reached (${code}). Check host, port, TLS and that it is running, then try again.`,
    ]
  }
  if (Object.hasOwn(translationByName, name)) return translationByName[name]
  return translationByMessage.find(([pattern]) => pattern.test(message))?.[1]
}

/** Reads an error's text fields; drivers have them as own properties, the browser as getters. */
function fieldsOf(thrown: unknown): (name: string) => string | undefined {
  return (name) => {
    if (typeof thrown !== 'object' || thrown === null) return undefined
    const value: unknown = Reflect.get(thrown, name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
}
