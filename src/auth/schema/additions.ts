/** Compares a schema with what the database has, and adds what is missing: tables, columns, references and indexes. */
import { is } from 'drizzle-orm'
import {
  PgEnumColumn,
  PgMaterializedView,
  PgTable,
  PgView,
  getMaterializedViewConfig,
  getTableConfig,
  getViewConfig,
  isPgSequence,
} from 'drizzle-orm/pg-core'
import type { PgColumn, PgEnum, PgSequence } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import {
  addColumn,
  addConstraints,
  addForeignKey,
  closeTables,
  createEnum,
  createIndex,
  createSequence,
  createTable,
  nameOfIndex,
  refuseOtherSchemas,
} from './ddl.ts'

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
  refuseOtherSchemas(
    tables.map(({ table }) => table),
    enumsOf(tables),
    sequencesOf(schema),
  )
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
  const constraints = tables
    .filter(({ name }) => existing.has(name))
    .flatMap(({ table, name }) =>
      addConstraints(table)
        .filter(([constraint]) => lacks(name, 'constraints', constraint))
        .map(([constraint, statement]) => ({ name: constraint, statement })),
    )
  const indexes = tables.flatMap(({ name, indexes: wanted }) =>
    wanted
      .map((wantedIndex) => ({
        name: nameOfIndex(wantedIndex),
        isUnique: wantedIndex.config.unique,
        statement: createIndex(wantedIndex),
      }))
      .filter((wantedIndex) => lacks(name, 'indexes', wantedIndex.name)),
  )
  return [
    ...(await planTypes(executor, schema, tables)),
    ...created.map(({ table, name }) => ({ name, statement: `${createTable(table)};\n${closeTables([name])}` })),
    ...added,
    ...constraints,
    // A reference may be to what only an index makes unique.
    ...indexes.filter(({ isUnique }) => isUnique),
    ...references,
    ...indexes.filter(({ isUnique }) => !isUnique),
  ]
}

/** The enums that columns have, each once. */
export function enumsOf(tables: readonly { readonly columns: readonly PgColumn[] }[]): PgEnum<[string, ...string[]]>[] {
  const fromColumns = tables.flatMap(({ columns }) =>
    columns.flatMap((column) => (is(column, PgEnumColumn) ? [column.enum] : [])),
  )
  return [...new Map(fromColumns.map((each) => [each.enumName, each])).values()]
}

/** The sequences of a schema. */
export function sequencesOf(schema: AuthTables): PgSequence[] {
  return Object.values(schema).filter((value) => isPgSequence(value))
}

/** The enums that columns have, and the sequences of the schema, that are not there. */
async function planTypes(
  executor: SqlExecutor,
  schema: AuthTables,
  tables: readonly { readonly columns: readonly PgColumn[] }[],
): Promise<SchemaAddition[]> {
  const enums = enumsOf(tables)
  const sequences = sequencesOf(schema)
  for (const value of Object.values(schema)) if (isUnmadeView(value)) throw unmadeView()
  if (enums.length + sequences.length === 0) return []
  const { rows } = await executor.query(
    `select name, kind, case kind when 'type' then (
       select array_to_json(array_agg(enumlabel order by enumsortorder))::text from pg_enum where enumtypid = to_regtype(quote_ident(name))
     ) end as labels
     from unnest($1::text[], $2::text[]) as given (name, kind)
     where case kind when 'type' then to_regtype(quote_ident(name)) is not null else to_regclass(quote_ident(name)) is not null end`,
    [
      [...enums.map(({ enumName }) => enumName), ...sequences.map(({ seqName = '' }) => seqName)],
      [...enums.map(() => 'type'), ...sequences.map(() => 'sequence')],
    ],
  )
  const isThere = (kind: string, name: string) => rows.some((row) => row['kind'] === kind && row['name'] === name)
  for (const { enumName, enumValues } of enums) {
    const labels = rows.find((row) => row['kind'] === 'type' && row['name'] === enumName)?.['labels']
    if (labels !== undefined && labels !== JSON.stringify(enumValues)) throw otherEnum(enumName)
  }
  return [
    ...enums
      .filter(({ enumName }) => !isThere('type', enumName))
      .map((wanted) => ({ name: wanted.enumName, statement: createEnum(wanted) })),
    ...sequences
      .filter(({ seqName = '' }) => !isThere('sequence', seqName))
      .map((wanted) => ({ name: wanted.seqName ?? '', statement: createSequence(wanted) })),
  ]
}

/** A view that somebody else creates is declared with `existing()`. */
function isUnmadeView(value: unknown): boolean {
  if (is(value, PgMaterializedView)) return !getMaterializedViewConfig(value).isExisting
  return is(value, PgView) && !getViewConfig(value).isExisting
}

function unmadeView(): TypystDbError {
  return new TypystDbError(
    'INVALID_OPTIONS',
    'The schema has a view, which `migrate()` cannot create. Create it with a migration of your own and declare it with `existing()`.',
  )
}

function otherEnum(name: string): TypystDbError {
  return new TypystDbError(
    'SCHEMA_MISMATCH',
    `The enum "${name}" of the database has other values than the schema says, and \`migrate()\` changes nothing that exists. Alter the type with a migration of your own.`,
  )
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
