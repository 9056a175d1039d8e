/** Writes the SQL that creates tables, columns and indexes of a Drizzle schema, as drizzle-kit would, at run time. */
import { SQL, getTableName, is } from 'drizzle-orm'
import { IndexedColumn, PgDialect, PgEnumColumn, getTableConfig } from 'drizzle-orm/pg-core'
import type {
  Check,
  ForeignKey,
  Index,
  PgColumn,
  PgEnum,
  PgSequence,
  PgTable,
  UniqueConstraint,
} from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'

/**
 * Refuses what has a Postgres schema of its own: everything here is made, and looked for, where the search path says.
 *
 * @throws TypystDbError `INVALID_OPTIONS`, naming it.
 */
export function refuseOtherSchemas(
  tables: readonly PgTable[],
  enums: readonly PgEnum<[string, ...string[]]>[],
  sequences: readonly PgSequence[],
): void {
  const all = [
    ...tables.map((table) => ({ kind: 'Table', ...getTableConfig(table) })),
    ...enums.map(({ enumName: name, schema }) => ({ kind: 'Enum', name, schema })),
    ...sequences.map(({ seqName: name = '', schema }) => ({ kind: 'Sequence', name, schema })),
  ]
  for (const { kind, name, schema } of all) {
    if (schema === undefined) continue
    throw new TypystDbError(
      'INVALID_OPTIONS',
      `${kind} "${schema}"."${name}" has a Postgres schema of its own, where \`migrate()\` cannot create anything. Leave it out of \`schema\` and create it with a migration of your own, or give all auth tables a schema with \`postgresSchema\`.`,
      { table: kind === 'Table' ? name : undefined },
    )
  }
}

/** A table's own statement; references and indexes come when all tables are there. */
export function createTable(table: PgTable): string {
  const { name, columns, uniqueConstraints, checks, primaryKeys, policies } = getTableConfig(table)
  if (policies.length > 0) throw tooSpecial(`Table "${name}" has policies, which`, name)
  const parts = [
    ...columns.flatMap((column) => [defineColumn(column), ...(column.isUnique ? [uniqueOf(column)] : [])]),
    ...primaryKeys.map((key) => `constraint ${quote(key.getName())} primary key (${namesOf(key.columns)})`),
    ...uniqueConstraints.map(defineUnique),
    ...checks.map(defineCheck),
  ]
  return `create table ${quote(name)} (\n  ${parts.join(',\n  ')}\n)`
}

/**
 * Adds a column to a table that may have rows. Where a function makes the column's values, the rows that are there get one
 * of them.
 */
export function addColumn(table: PgTable, column: PgColumn): string {
  const name = quote(getTableName(table))
  const isMade = column.generated !== undefined || column.generatedIdentity !== undefined
  const fill = column.notNull && column.default === undefined && !isMade ? column.defaultFn?.() : undefined
  const statements = [
    `alter table ${name} add column ${defineColumn(column, fill)}`,
    ...(fill === undefined ? [] : [`alter table ${name} alter column ${quote(column.name)} drop default`]),
    ...(column.isUnique ? [`alter table ${name} add ${uniqueOf(column)}`] : []),
  ]
  return statements.join(';\n')
}

/** The constraints of a table beside those of its columns, by their names: what adds each to a table that is there. */
export function addConstraints(table: PgTable): (readonly [name: string, statement: string])[] {
  const { name, uniqueConstraints, checks, primaryKeys } = getTableConfig(table)
  const add = `alter table ${quote(name)} add`
  return [
    ...primaryKeys.map((key) => {
      const constraint = `constraint ${quote(key.getName())} primary key (${namesOf(key.columns)})`
      return [key.getName(), `${add} ${constraint}`] as const
    }),
    ...uniqueConstraints.map((unique) => [nameOfUnique(unique), `${add} ${defineUnique(unique)}`] as const),
    ...checks.map((check) => [check.name, `${add} ${defineCheck(check)}`] as const),
  ]
}

/** Adds a reference. */
export function addForeignKey(foreignKey: ForeignKey): string {
  const { columns, foreignTable, foreignColumns } = foreignKey.reference()
  const { name, schema } = getTableConfig(foreignTable)
  const target = `${schema === undefined ? '' : `${quote(schema)}.`}${quote(name)} (${namesOf(foreignColumns)})`
  const onUpdate = foreignKey.onUpdate === undefined ? '' : ` on update ${foreignKey.onUpdate}`
  return `alter table ${quote(getTableName(foreignKey.table))} add constraint ${quote(foreignKey.getName())} foreign key (${namesOf(columns)}) references ${target} on delete ${foreignKey.onDelete ?? 'no action'}${onUpdate}`
}

/** The name of an index; one without is called by its columns, as drizzle-kit does. */
export function nameOfIndex({ config }: Index): string {
  if (config.name !== undefined) return config.name
  const table = getTableName(config.table)
  const columns = config.columns.map((column) => {
    if (is(column, IndexedColumn) && column.name !== undefined) return column.name
    throw tooSpecial(`An index of table "${table}" is over an expression and has no name, which`, table)
  })
  return `${table}_${columns.join('_')}_index`
}

/** Creates an index. */
export function createIndex(wanted: Index): string {
  const { config } = wanted
  const { table, unique, method = 'btree', where, only, with: parameters = {} } = config
  const name = nameOfIndex(wanted)
  if (config.concurrently === true) {
    throw tooSpecial(`Index "${name}" is to be created concurrently, which`, getTableName(table))
  }
  const columns = config.columns.map((column) => {
    if (is(column, SQL)) return inline(column)
    if (!is(column, IndexedColumn) || column.name === undefined) {
      throw tooSpecial(`Index "${name}" has a column that`, getTableName(table))
    }
    const { order = 'asc', nulls = 'last', opClass } = column.indexConfig
    const isPlain = order === 'asc' && nulls === 'last'
    return `${quote(column.name)}${opClass === undefined ? '' : ` ${opClass}`}${isPlain ? '' : ` ${order} nulls ${nulls}`}`
  })
  const storage = Object.entries(parameters).map(([parameter, value]) => `${parameter} = ${String(value)}`)
  return [
    `create ${unique ? 'unique ' : ''}index ${quote(name)} on ${only ? 'only ' : ''}${quote(getTableName(table))}`,
    `using ${method} (${columns.join(', ')})`,
    ...(storage.length > 0 ? [`with (${storage.join(', ')})`] : []),
    ...(where ? [`where ${inline(where)}`] : []),
  ].join(' ')
}

/** Creates the type of an enum. */
export function createEnum({ enumName, enumValues }: PgEnum<[string, ...string[]]>): string {
  return `create type ${quote(enumName)} as enum (${enumValues.map(literal).join(', ')})`
}

/** Creates a sequence. */
export function createSequence({ seqName = '', seqOptions }: PgSequence): string {
  return `create sequence ${quote(seqName)}${sequenceOptions(seqOptions)}`
}

/** Shuts tables to everybody but their owner, the roles of Supabase's Data API included. */
export function closeTables(names: readonly string[]): string {
  const tables = names.map(quote).join(', ')
  return `${names.map((name) => `alter table ${quote(name)} enable row level security`).join(';\n')};
revoke all on table ${tables} from public;
do $$
declare
  api_role text;
begin
  for api_role in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    execute format('revoke all on table %s from %I', ${literal(tables)}, api_role);
  end loop;
end
$$`
}

function defineColumn(column: PgColumn, fill?: unknown): string {
  const value = fill ?? column.default
  const { generated, generatedIdentity: identity } = column
  const sequence = identity?.sequenceName ?? `${getTableName(column.table)}_${column.name}_seq`
  return [
    quote(column.name),
    is(column, PgEnumColumn) ? quote(column.getSQLType()) : column.getSQLType(),
    ...(column.primary ? ['primary key'] : []),
    ...(generated ? [`generated always as (${expressionOf(column)}) stored`] : []),
    ...(identity
      ? [
          `generated ${identity.type === 'always' ? 'always' : 'by default'} as identity (sequence name ${quote(sequence)}${sequenceOptions(identity.sequenceOptions)})`,
        ]
      : []),
    ...(value === undefined ? [] : [`default ${toSql(column, value)}`]),
    ...(column.notNull ? ['not null'] : []),
  ].join(' ')
}

/** What a generated column is made of; a text or a function gives it too. */
function expressionOf({ generated }: PgColumn): string {
  const as: unknown = generated?.as
  const value: unknown = typeof as === 'function' ? Reflect.apply(as, undefined, []) : as
  return is(value, SQL) ? inline(value) : String(value)
}

function sequenceOptions(options: PgSequence['seqOptions'] = {}): string {
  const { increment, minValue, maxValue, startWith, cache, cycle = false } = options
  const given = { 'increment by': increment, minvalue: minValue, maxvalue: maxValue, 'start with': startWith, cache }
  const parts = Object.entries(given).flatMap(([word, value]) => (value === undefined ? [] : [` ${word} ${value}`]))
  return `${parts.join('')}${cycle ? ' cycle' : ''}`
}

function uniqueOf(column: PgColumn): string {
  const distinct = column.uniqueType === 'not distinct' ? ' nulls not distinct' : ''
  return `constraint ${quote(column.uniqueName ?? '')} unique${distinct} (${quote(column.name)})`
}

function nameOfUnique({ name, table, columns }: UniqueConstraint): string {
  return name ?? `${getTableName(table)}_${columns.map((column) => column.name).join('_')}_unique`
}

function defineUnique(unique: UniqueConstraint): string {
  const distinct = unique.nullsNotDistinct ? ' nulls not distinct' : ''
  return `constraint ${quote(nameOfUnique(unique))} unique${distinct} (${namesOf(unique.columns)})`
}

function defineCheck({ name, value }: Check): string {
  return `constraint ${quote(name)} check (${inline(value)})`
}

/** An expression as text: a statement that defines something takes no parameters. */
function inline(expression: SQL): string {
  return new PgDialect().sqlToQuery(expression.inlineParams()).sql
}

function namesOf(columns: readonly PgColumn[]): string {
  return columns.map(({ name }) => quote(name)).join(', ')
}

function toSql(column: PgColumn, value: unknown): string {
  if (is(value, SQL)) return inline(value)
  const written: unknown = column.mapToDriverValue(value)
  return typeof written === 'number' || typeof written === 'boolean' ? String(written) : literal(String(written))
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function tooSpecial(what: string, table: string): TypystDbError {
  return new TypystDbError(
    'INVALID_OPTIONS',
    `${what} \`migrate()\` cannot create. Create it with a migration of your own.`,
    { table },
  )
}
