/** Finds columns that the database has otherwise than the schema says. */
import { is } from 'drizzle-orm'
import { PgTable, getTableConfig } from 'drizzle-orm/pg-core'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import type { AuthTables } from './additions.ts'

/** One sentence part for each column of another type, and each that asks for a value nobody is going to give. */
export async function findMisfits(executor: SqlExecutor, schema: AuthTables): Promise<string[]> {
  const tables = Object.values(schema)
    .filter((value) => is(value, PgTable))
    .map((table) => getTableConfig(table))
  const { rows } = await executor.query(
    `select given.name as "table", attname::text as name, format_type(atttypid, atttypmod) as type,
       attnotnull and not atthasdef and attidentity = '' as "isRequired"
     from unnest($1::text[]) as given (name) join pg_attribute on attrelid = to_regclass(quote_ident(given.name))
     where attnum > 0 and not attisdropped`,
    [tables.map(({ name }) => name)],
  )
  return rows.flatMap(({ table, name, type, isRequired }) => {
    const column = tables.find((config) => config.name === table)?.columns.find((known) => known.name === name)
    const path = `${String(table)}.${String(name)}`
    if (!column) return isRequired === true ? [`${path} is required and Better Auth never writes it`] : []
    const wanted = column.getSQLType()
    return wanted === type ? [] : [`${path} is of type ${String(type)} instead of ${wanted}`]
  })
}
