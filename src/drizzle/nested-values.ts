/**
 * How columns travel in rows inside of others, which Drizzle has Postgres write as JSON: numbers lose digits there, moments get
 * a `T`. What JSON would change is written as the text that Postgres gives for it elsewhere.
 */
import { is } from 'drizzle-orm'
import type { Column } from 'drizzle-orm'
import { PgArray, PgEnumColumn, PgEnumObjectColumn } from 'drizzle-orm/pg-core'

/** Types that JSON has values for, or writes as the very text that Postgres writes. */
const unchangedTypes = namesOf(
  'smallint int2 integer int int4 smallserial serial2 serial serial4 real float float4 float8 double boolean bool oid',
  'json jsonb text varchar char character bpchar name uuid citext ltree xml inet cidr macaddr macaddr8 bit varbit money',
  'time timetz interval point line lseg box path polygon circle tsvector tsquery vector halfvec sparsevec',
  'int4range int8range numrange tsrange tstzrange daterange',
)

/** Types that it writes otherwise. */
const changedTypes = namesOf(
  'numeric decimal bigint int8 bigserial serial8 bytea date timestamp timestamptz hstore geometry geography',
)

/** Postgres' numbers of types that it leaves as they are, as far as domains are made of them; see its catalog pg_type.dat. */
const unchangedBases = [16, 19, 21, 23, 25, 114, 700, 701, 869, 1042, 1043, 1083, 1186, 2950, 3802].join(', ')

/**
 * Writes what is read as a column's values into the JSON of its row.
 *
 * @param expression - The column as the statement calls it, or what is read like it.
 */
export function writeNested(column: Column, expression: string): string {
  const type = typeNameOf(column)
  if (unchangedTypes.has(type) || isEnum(elementOf(column))) return expression
  // Bytes have two forms as text, of which a setting chooses.
  if (type === 'bytea' && !isArray(column)) return `'\\x' || pg_catalog.encode(${expression}, 'hex')`
  if (changedTypes.has(type)) return `(${expression})::text`
  // A type of the consumer's own: a domain, a row, or one that an extension casts to JSON in its own way.
  const base = `select typyst_type.typbasetype from pg_catalog.pg_type typyst_type where typyst_type.oid = pg_catalog.pg_typeof(${expression})`
  return `case when (${base}) in (${unchangedBases}) then pg_catalog.to_json(${expression}) else pg_catalog.to_json((${expression})::text) end`
}

/** What Postgres calls the type of a column, or of the elements of an array, without its length and the like. */
export function typeNameOf(column: Column): string {
  const written = /^(?:pg_catalog\.)?(\w+)(?![\w".])/i.exec(elementOf(column).getSQLType())
  return written?.[1]?.toLowerCase() ?? ''
}

function elementOf(column: Column): Column {
  return is(column, PgArray) ? elementOf(column.baseColumn) : column
}

function isArray(column: Column): boolean {
  return is(column, PgArray) || /\]$|\barray\b/i.test(column.getSQLType())
}

function isEnum(column: Column): boolean {
  return is(column, PgEnumColumn) || is(column, PgEnumObjectColumn)
}

function namesOf(...lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((list) => list.split(' ')))
}
