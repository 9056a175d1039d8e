/** The columns a result is to have, by the names of their fields. */
import { getTableColumns } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'

/**
 * Picks columns of a table.
 *
 * @throws TypystDbError `INVALID_INPUT` for a name that is none of its columns.
 */
export function pickColumns(table: PgTable, fields: readonly string[]): Record<string, PgColumn> {
  const columns = getTableColumns(table)
  return Object.fromEntries(
    fields.map((field) => {
      const column = Object.hasOwn(columns, field) ? columns[field] : undefined
      if (column) return [field, column]
      throw new TypystDbError(
        'INVALID_INPUT',
        `\`columns\` names a field that the rows have not. They have ${Object.keys(columns).join(', ')}.`,
      )
    }),
  )
}
