/** How a condition takes the values it compares with: as they are, or left open for a statement that is run again. */
import { is, Param, Placeholder, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { PgColumn } from 'drizzle-orm/pg-core'

/**
 * Gives what stands for a value in a condition.
 *
 * @param column - Whose type the value has; a text without one.
 */
export type BindValue = (value: unknown, column?: PgColumn) => Param | Placeholder

/** The value itself. */
export const bindAsGiven: BindValue = (value, column) => sql.param(value, column)

/** Values that were left open. */
export interface OpenValues {
  readonly bind: BindValue
  /** What was left open so far, by the names of the placeholders. */
  readonly values: Readonly<Record<string, unknown>>
}

/** Leaves every value open. */
export function leaveValuesOpen(): OpenValues {
  const values: Record<string, unknown> = {}
  let count = 0
  return {
    values,
    bind(value, column) {
      const name = `value${(count += 1)}`
      values[name] = value
      return column ? sql.param(sql.placeholder(name), column) : sql.placeholder(name)
    },
  }
}

const dialect = new PgDialect()

/** The same for two conditions that differ in open values only, and for no others. */
export function shapeOf(condition: SQL | undefined): string {
  if (!condition) return ''
  const { sql: text, params } = dialect.sqlToQuery(condition)
  return JSON.stringify([text, ...params.filter((param) => !isOpen(param))])
}

function isOpen(param: unknown): boolean {
  return is(param, Placeholder) || (is(param, Param) && is(param.value, Placeholder))
}
