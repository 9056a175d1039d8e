/** Compares a schema with what the database has, and adds what is missing: tables, columns, references and indexes. */
import { is } from 'drizzle-orm'
import { PgTable, getTableConfig } from 'drizzle-orm/pg-core'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { addColumn, addForeignKey, closeTables, createIndex, createTable } from './ddl.ts'

/** Tables and relations by their keys; everything but tables is passed over. */
export type AuthTables = Readonly<Record<string, unknown>>

/** Something a database lacks: its name for people, and the statement that adds it. */
export interface SchemaAddition {
  /** `organization` for a table, `user.role` for a column, the name of an index or a constraint. */
  readonly name: string
  readonly statement: string
}

/** What is in the catalog under a table's name. */
interface Existing {
  readonly columns: ReadonlySet<string>
  readonly constraints: ReadonlySet<string>
  readonly indexes: ReadonlySet<string>
}

/** Postgres cuts longer names. */
const maxNameBytes = 63

/**
 * What the database lacks of the schema's tables, in the order in which it can be added. Nothing is ever changed or dropped,
 * so servers that know less of the schema go on working beside those that know more.
 */
export async function planAdditions(executor: SqlExecutor, schema: AuthTables): Promise<SchemaAddition[]> {
  const tables = Object.values(schema)
    .filter((value) => is(value, PgTable))
    .map((table) => ({ table, ...getTableConfig(table) }))
  const existing = await readExisting(
    executor,
    tables.map(({ name }) => name),
  )
  const lacks = (table: string, kind: keyof Existing, name: string) => !existing.get(table)?.[kind].has(cut(name))

  const created = tables.filter(({ name }) => !existing.has(name))
  const added = tables
    .filter(({ name }) => existing.has(name))
    .flatMap(({ table, name, columns }) =>
      columns
        .filter((column: PgColumn) => lacks(name, 'columns', column.name))
        .map((column: PgColumn) => ({ name: `${name}.${column.name}`, statement: addColumn(table, column) })),
    )
  const references = tables.flatMap(({ name, foreignKeys }) =>
    foreignKeys
      .filter((foreignKey) => lacks(name, 'constraints', foreignKey.getName()))
      .map((foreignKey) => ({ name: foreignKey.getName(), statement: addForeignKey(foreignKey) })),
  )
  const indexes = tables.flatMap(({ name, indexes: wanted }) =>
    wanted
      .filter(({ config }) => lacks(name, 'indexes', config.name ?? ''))
      .map((wantedIndex) => ({ name: wantedIndex.config.name ?? '', statement: createIndex(wantedIndex) })),
  )
  return [
    ...created.map(({ table, name }) => ({ name, statement: `${createTable(table)};\n${closeTables([name])}` })),
    ...added,
    ...references,
    ...indexes,
  ]
}

async function readExisting(executor: SqlExecutor, names: readonly string[]): Promise<Map<string, Existing>> {
  const { rows } = await executor.query(
    `with given as (select name, to_regclass(quote_ident(name)) as oid from unnest($1::text[]) as given (name))
     select 'columns' as kind, given.name as "table", attname::text as name from given
       join pg_attribute on attrelid = oid where attnum > 0 and not attisdropped
     union all select 'constraints', given.name, conname::text from given join pg_constraint on conrelid = given.oid
     union all select 'indexes', given.name, relname::text from given
       join pg_index on indrelid = given.oid join pg_class on pg_class.oid = indexrelid`,
    [names],
  )
  const of = (table: string, kind: keyof Existing) =>
    new Set(rows.filter((row) => row['table'] === table && row['kind'] === kind).map((row) => String(row['name'])))
  return new Map(
    names
      .filter((name) => rows.some((row) => row['table'] === name))
      .map((name) => [
        name,
        { columns: of(name, 'columns'), constraints: of(name, 'constraints'), indexes: of(name, 'indexes') },
      ]),
  )
}

function cut(name: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(name).slice(0, maxNameBytes))
}
