/** Makes the function that turns a result's rows into objects; Drizzle's own looks at each column again for each row. */
import { Column, getTableName, is } from 'drizzle-orm'
import type { SelectedFieldsOrdered } from 'drizzle-orm/pg-core'
import { mapResultRow } from 'drizzle-orm/utils'
import { decoderOfSelected } from './column-values.ts'
import type { Decoder } from './column-values.ts'

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

/** Turns a row's values into an object. */
export type RowMapper = (row: unknown[]) => unknown

/**
 * Prepares the mapping of a query's rows.
 *
 * @param joinsNotNullableMap - Drizzle's note on which joined tables may be missing from a row.
 */
export function createRowMapper(
  fields: SelectedFieldsOrdered,
  joinsNotNullableMap: Record<string, boolean> | undefined,
): RowMapper {
  const deciding = joinsNotNullableMap ? decidingColumns(fields, joinsNotNullableMap) : new Set<number>()
  const columns = fields.flatMap((field, at) => toColumn(field, deciding.has(at)))
  // What is new in Drizzle is left to it.
  if (columns.length < fields.length) return (row) => mapResultRow(fields, row, joinsNotNullableMap)
  return (row) => {
    const result: Record<string, unknown> = {}
    let inner = result
    let innerGroup: string | undefined
    for (let at = 0; at < columns.length; at += 1) {
      const column = columns[at]
      if (!column) continue
      const { group, name, decoder, decides } = column
      // The fields of a group stand side by side.
      if (group !== innerGroup) {
        inner = group === undefined ? result : (result[group] = {})
        innerGroup = group
      }
      const value = row[at]
      const decoded = value === null ? null : decoder.mapFromDriverValue(value)
      inner[name] = decoded
      if (decides && decoded === null && group !== undefined) result[group] = null
    }
    return result
  }
}

interface MappedColumn {
  /** The object within the row that it belongs to. */
  readonly group: string | undefined
  readonly name: string
  readonly decoder: Decoder
  /** Whether its group is `null` when it is. */
  readonly decides: boolean
}

function toColumn({ path, field }: SelectedFieldsOrdered[number], decides: boolean): MappedColumn[] {
  const [group, name] = path.length === 1 ? [undefined, path[0]] : path
  const decoder = decoderOfSelected(field)
  return name !== undefined && decoder && path.length <= 2 ? [{ group, name, decoder, decides }] : []
}

/** As Drizzle has it: the first column of a group whose columns are of one table, when that may be missing from a row. */
function decidingColumns(fields: SelectedFieldsOrdered, joinsNotNullableMap: Record<string, boolean>): Set<number> {
  const groups = new Map<string, { readonly at: number; readonly tables: Set<string> }>()
  for (const [at, { path, field }] of fields.entries()) {
    const [group, name, ...deeper] = path
    if (group === undefined || name === undefined || deeper.length > 0 || !is(field, Column)) continue
    const known = groups.get(group) ?? { at, tables: new Set() }
    known.tables.add(getTableName(field.table))
    groups.set(group, known)
  }
  const optional = [...groups.values()].filter(
    ({ tables }) => tables.size === 1 && [...tables].every((table) => !joinsNotNullableMap[table]),
  )
  return new Set(optional.map(({ at }) => at))
}
