/** Makes the function that turns a result's rows into objects; Drizzle's own looks at each column again for each row. */
import { Column, is } from 'drizzle-orm'
import type { DriverValueDecoder } from 'drizzle-orm'
import type { SelectedFieldsOrdered } from 'drizzle-orm/pg-core'
import { mapResultRow } from 'drizzle-orm/utils'

// Drizzle's drivers share this function at run time and leave it out of their types.
declare module 'drizzle-orm/utils' {
  export function mapResultRow(
    columns: SelectedFieldsOrdered,
    row: unknown[],
    joinsNotNullableMap: Record<string, boolean> | undefined,
  ): unknown
}

type RowMapper = (row: unknown[]) => unknown

/**
 * Prepares the mapping of a query's rows.
 *
 * @param joinsNotNullableMap - Drizzle's note on which joined tables may be missing from a row.
 */
export function createRowMapper(
  fields: SelectedFieldsOrdered,
  joinsNotNullableMap: Record<string, boolean> | undefined,
): RowMapper {
  const isFlat = !joinsNotNullableMap && fields.every(({ path }) => path.length === 1)
  const columns = isFlat ? fields.flatMap(({ path: [name], field }) => toColumn(name, field)) : []
  // Nested objects, joined tables that may be null, and what is new in Drizzle are left to it.
  if (columns.length < fields.length) return (row) => mapResultRow(fields, row, joinsNotNullableMap)
  return (row) => {
    const result: Record<string, unknown> = {}
    for (let at = 0; at < columns.length; at += 1) {
      const column = columns[at]
      const value = row[at]
      if (column) result[column.name] = value === null ? null : column.decoder.mapFromDriverValue(value)
    }
    return result
  }
}

interface MappedColumn {
  readonly name: string
  readonly decoder: Pick<DriverValueDecoder<unknown, unknown>, 'mapFromDriverValue'>
}

function toColumn(name: string | undefined, field: SelectedFieldsOrdered[number]['field']): MappedColumn[] {
  return name !== undefined && is(field, Column) ? [{ name, decoder: field }] : []
}
