/** Makes the function that turns a result's rows into objects; Drizzle's own looks at each column again for each row. */
import { Column, is, SQL } from 'drizzle-orm'
import type { DriverValueDecoder } from 'drizzle-orm'
import type { SelectedFieldsOrdered } from 'drizzle-orm/pg-core'
import { mapResultRow } from 'drizzle-orm/utils'

// Drizzle's drivers share these at run time and leave them out of their types.
declare module 'drizzle-orm/utils' {
  export function mapResultRow(
    columns: SelectedFieldsOrdered,
    row: unknown[],
    joinsNotNullableMap: Record<string, boolean> | undefined,
  ): unknown
}
declare module 'drizzle-orm/sql/sql' {
  interface SQL {
    readonly decoder: DriverValueDecoder<unknown, unknown>
  }
}

type RowMapper = (row: unknown[]) => unknown

/**
 * Prepares the mapping of a query's rows.
 *
 * @param joinsNotNullableMap - Drizzle's note on which joined tables may be missing from a row.
 */
export function createRowMapper(
  fields: SelectedFieldsOrdered,
  joinsNotNullableMap: Record<string, boolean> = {},
): RowMapper {
  const columns = fields.flatMap(toColumn)
  const mayLackTables = Object.values(joinsNotNullableMap).includes(false)
  // Joined tables that may be null, and what is new in Drizzle, are left to it.
  if (columns.length < fields.length || (mayLackTables && columns.some(({ group }) => group !== undefined))) {
    return (row) => mapResultRow(fields, row, joinsNotNullableMap)
  }
  return (row) => {
    const result: Record<string, unknown> = {}
    let inner = result
    let innerGroup: string | undefined
    for (let at = 0; at < columns.length; at += 1) {
      const column = columns[at]
      if (!column) continue
      const { group, name, decoder } = column
      // The fields of a group stand side by side.
      if (group !== innerGroup) {
        inner = group === undefined ? result : (result[group] = {})
        innerGroup = group
      }
      const value = row[at]
      inner[name] = value === null ? null : decoder.mapFromDriverValue(value)
    }
    return result
  }
}

interface MappedColumn {
  /** The object within the row that it belongs to. */
  readonly group: string | undefined
  readonly name: string
  readonly decoder: Pick<DriverValueDecoder<unknown, unknown>, 'mapFromDriverValue'>
}

function toColumn({ path, field }: SelectedFieldsOrdered[number]): MappedColumn[] {
  const [group, name] = path.length === 1 ? [undefined, path[0]] : path
  const decoder = is(field, Column) ? field : is(field, SQL) ? field.decoder : undefined
  return name !== undefined && decoder && path.length <= 2 ? [{ group, name, decoder }] : []
}
