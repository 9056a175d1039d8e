/** Writes many rows in one statement, as one JSON parameter: the fastest way into PGlite. */
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { collection, collectionSettings, entry } from '../../schema/app.ts'

/** What happens to a row whose key is there: `skip` it, `replace` what is there, or `newer`: replace what is older. */
export type ConflictPolicy = 'skip' | 'replace' | 'newer'

/** What became of the rows of an import. */
export interface ImportCounts {
  readonly read: number
  readonly inserted: number
  readonly updated: number
  readonly skipped: number
}

/** The tables whose rows are moved in and out, by the name they have in an export. */
export type TableName = 'collection' | 'settings' | 'entry'
export const tables: Readonly<Record<TableName, PgTable>> = { collection, settings: collectionSettings, entry }

/** A row by its columns' names in the database; what it leaves out has the column's default. */
export interface RowJson {
  readonly [column: string]: unknown
  readonly id?: unknown
  readonly collection_id?: unknown
  readonly user_id?: unknown
}

/** The column that tells a row from others. A collection has one row of settings, whatever its id. */
export function keyOf(table: TableName): 'id' | 'collection_id' {
  return table === 'settings' ? 'collection_id' : 'id'
}

/** What to do with rows that are there. */
export interface Conflict {
  readonly policy: ConflictPolicy
  /** Replaces the owner too, of a row that the same import has made. */
  readonly withOwner?: boolean
}

/** Inserts rows of one table, no two of one key, and tells how many were new and how many replaced others. */
export async function insertRows(
  executor: SqlExecutor,
  name: TableName,
  rows: readonly string[],
  conflict: Conflict,
): Promise<{ inserted: number; updated: number }> {
  const { rows: done } = await executor.queryArrays(insertStatement(name, conflict), [`[${rows.join()}]`])
  const inserted = done.filter(([isNew]) => isNew === true).length
  return { inserted, updated: done.length - inserted }
}

function insertStatement(name: TableName, { policy, withOwner = false }: Conflict): string {
  const table = `"${getTableName(tables[name])}"`
  const columns = Object.values(getTableColumns(tables[name]))
  const names = columns.map((column) => `"${column.name}"`)
  const values = columns.map((column) => (column.hasDefault ? `coalesce("${column.name}", now())` : `"${column.name}"`))
  const key = `"${keyOf(name)}"`
  const fixed = new Set([key, '"id"', ...(withOwner ? [] : ['"user_id"'])])
  const kept = names.filter((column) => !fixed.has(column))
  const update = `(${key}) do update set ${kept.map((column) => `${column} = excluded.${column}`).join()}
    ${policy === 'newer' ? `where excluded."updated_at" > ${table}."updated_at"` : ''}`
  return `insert into ${table} (${names.join()})
    select ${values.join()} from json_populate_recordset(null::${table}, $1::json)
    on conflict ${policy === 'skip' ? 'do nothing' : update}
    returning xmax = 0`
}
