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
export type RowJson = Readonly<Record<string, unknown>>

/** Inserts rows of one table, no two of one key, and tells how many were new and how many replaced others. */
export async function insertRows(
  executor: SqlExecutor,
  name: TableName,
  rows: readonly string[],
  conflict: ConflictPolicy,
): Promise<{ inserted: number; updated: number }> {
  const { rows: done } = await executor.queryArrays(insertStatement(name, conflict), [`[${rows.join()}]`])
  const inserted = done.filter(([isNew]) => isNew === true).length
  return { inserted, updated: done.length - inserted }
}

function insertStatement(name: TableName, conflict: ConflictPolicy): string {
  const table = `"${getTableName(tables[name])}"`
  const columns = Object.values(getTableColumns(tables[name]))
  const names = columns.map((column) => `"${column.name}"`)
  const values = columns.map((column) => (column.hasDefault ? `coalesce("${column.name}", now())` : `"${column.name}"`))
  // A collection has one row of settings, whatever its key.
  const key = name === 'settings' ? '"collection_id"' : '"id"'
  const kept = names.filter((column) => column !== key && column !== '"id"')
  const update = `(${key}) do update set ${kept.map((column) => `${column} = excluded.${column}`).join()}
    ${conflict === 'newer' ? `where excluded."updated_at" > ${table}."updated_at"` : ''}`
  return `insert into ${table} (${names.join()})
    select ${values.join()} from json_populate_recordset(null::${table}, $1::json)
    on conflict ${conflict === 'skip' ? 'do nothing' : update}
    returning xmax = 0`
}
