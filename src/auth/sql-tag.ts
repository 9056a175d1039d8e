/** `authDb.sql`: raw SQL by tagged template, each `${value}` a parameter, on either kind of connection. */
import { anything, listOf, optional, templateStrings, text } from '../internal/argument-readers.ts'
import { checkCalls, checkValue, later } from '../internal/check-arguments.ts'
import type { CallRules } from '../internal/check-arguments.ts'
import type { SqlExecutor, SqlResult } from '../internal/sql-connection.ts'

/**
 * Raw SQL. Use it as a tagged template: each `${value}` travels as a parameter, never as text.
 *
 * @throws TypystDbError as every query does.
 *
 * @example
 * ```ts
 * import { createAuthDatabase } from '@typyst/db/auth'
 *
 * const authDb = createAuthDatabase({ dataDir: 'memory://' })
 * await authDb.migrate()
 * const email = 'ada@example.com'
 * const [found] = await authDb.sql<{ id: string }>`select id from "user" where email = ${email}`
 * ```
 */
export interface SqlTag {
  <TRow = Record<string, unknown>>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<TRow[]>
  /**
   * A statement from text you trust, with `$1`-style parameters.
   *
   * @param text - One SQL statement.
   * @param params - The values of `$1`, `$2` and so on.
   */
  unsafe(text: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>
}

const sqlTagCalls: CallRules<Pick<SqlTag, 'unsafe'>> = {
  unsafe: later({ text, params: optional(listOf(anything)) }),
}

/** Postgres' object ids of `timestamp` and `timestamptz`. */
const timestampTypes = new Set([1114, 1184])

/** Builds the tag over a connection. */
export function createSqlTag(connection: SqlExecutor): SqlTag {
  const run = async (text: string, params: readonly unknown[]) => withDates(await connection.query(text, params))
  const tag = async (strings: TemplateStringsArray, ...values: readonly unknown[]) => {
    checkValue('The first argument of sql()', templateStrings, strings)
    return run(
      strings.reduce((text, part, index) => `${text}$${index}${part}`),
      values,
    )
  }
  return checkCalls(
    'sql.',
    sqlTagCalls,
    Object.assign(tag as SqlTag, { unsafe: (text: string, params: readonly unknown[] = []) => run(text, params) }),
  )
}

/** The port leaves timestamps as text for Drizzle to decode; whoever writes raw SQL expects a `Date`. */
function withDates({ rows, fields }: SqlResult): Record<string, unknown>[] {
  const timestamps = fields.filter(({ dataTypeID }) => timestampTypes.has(dataTypeID))
  for (const row of rows) {
    for (const { name } of timestamps) {
      const text = row[name]
      if (typeof text === 'string') row[name] = toDate(text)
    }
  }
  return rows
}

/** What JavaScript has no date for, such as `infinity`, stays the text that it is. */
function toDate(text: string): Date | string {
  const isUsual = text[4] === '-' && !text.endsWith(' BC')
  const date = new Date(withMinutes(isUsual ? text.replace(' ', 'T') : toLongYear(text)))
  return Number.isNaN(date.getTime()) ? text : date
}

/** Postgres leaves the minutes of an offset out when there are none, which ISO 8601 does not allow in a time with colons. */
function withMinutes(text: string): string {
  const sign = text.at(-3)
  return sign === '+' || sign === '-' ? `${text}:00` : text
}

/** ISO 8601 has a year 0, which is the first before Christ, and writes years of other lengths with a sign and six digits. */
function toLongYear(text: string): string {
  const [, digits = '', rest = '', era] = /^(\d{4,6})(-\d\d-\d\d .*?)( BC)?$/.exec(text) ?? []
  if (digits === '') return ''
  const year = era === undefined ? Number(digits) : 1 - Number(digits)
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}${rest.replace(' ', 'T')}`
}
