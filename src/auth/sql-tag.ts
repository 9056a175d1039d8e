/** `authDb.sql`: raw SQL by tagged template, each `${value}` a parameter, on either kind of connection. */
import { anything, listOf, optional, templateStrings, text } from '../internal/argument-readers.ts'
import { checkCalls, checkValue, later } from '../internal/check-arguments.ts'
import type { CallRules } from '../internal/check-arguments.ts'
import { parseMoment } from '../internal/moments.ts'
import type { SqlExecutor, SqlResult } from '../internal/sql-connection.ts'

/**
 * Raw SQL. Use it as a tagged template: each `${value}` travels as a parameter, never as text. A `timestamp` without a time
 * zone is read as one of UTC, as `db` reads it.
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

/**
 * The port leaves timestamps as text for Drizzle to decode; whoever writes raw SQL expects a `Date`. One without a time zone
 * is one of UTC, as for Drizzle's columns, whatever the zone of this process.
 */
function withDates({ rows, fields }: SqlResult): Record<string, unknown>[] {
  const timestamps = fields.filter(({ dataTypeID }) => timestampTypes.has(dataTypeID))
  for (const row of rows) {
    for (const { name } of timestamps) {
      const text = row[name]
      // What JavaScript has no date for, such as `infinity`, stays the text that it is.
      if (typeof text === 'string') row[name] = parseMoment(text) ?? text
    }
  }
  return rows
}
