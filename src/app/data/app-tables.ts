/** Whether a schema has the tables that the repositories work on. */
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { collection, collectionSettings, entry } from '../../schema/app.ts'
import type { AppSchema } from '../../schema/app.ts'

/** The tables of the repositories. */
export type AppTables = Pick<AppSchema, 'collection' | 'collectionSettings' | 'entry'>

/** Whether they are there: the package's own, or a consumer's that have everything these have. */
export function hasAppTables(schema: Record<string, unknown>): boolean {
  return Object.entries<PgTable>({ collection, collectionSettings, entry }).every(([name, table]) => {
    const candidate = schema[name]
    if (!is(candidate, PgTable) || getTableName(candidate) !== getTableName(table)) return false
    const columns = getTableColumns(candidate)
    return Object.keys(getTableColumns(table)).every((field) => field in columns)
  })
}
