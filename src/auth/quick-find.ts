/**
 * Makes Drizzle's `findFirst` quick where Better Auth asks it something with every request: a row by one column, together
 * with what it refers to. Drizzle builds such a query anew each time, and as a lateral join that packs rows into JSON.
 */
import { Column, eq, getTableColumns, getTableName, is, One, Param, SQL, sql, StringChunk, Table } from 'drizzle-orm'
import type { TableRelationalConfig } from 'drizzle-orm'
import { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { TypystDatabase } from '../drizzle/create-drizzle.ts'

/** Finds the row with a value, with its relations, by a statement that was built before. */
type Find = (value: unknown) => Promise<Record<string, unknown> | undefined>

/** What `findFirst` is asked for. */
interface Asked {
  readonly where?: unknown
  readonly with?: Readonly<Record<string, unknown>> | undefined
}

interface Equality {
  readonly column: PgColumn
  readonly value: unknown
}

/** The same database with a quick `findFirst`; whatever is asked otherwise goes to Drizzle's own. */
export function withQuickFind<TSchema extends Record<string, unknown>>(
  db: TypystDatabase<TSchema>,
): TypystDatabase<TSchema> {
  const tables: Readonly<Record<string, TableRelationalConfig>> = db._.schema ?? {}
  const query = Object.fromEntries(
    Object.entries(db.query).map(([key, builder]: [string, { findFirst: (asked: Asked) => unknown }]) => {
      const finds = new Map<string, Find | undefined>()
      const findFirst = (asked: Asked = {}): unknown => {
        const equality = equalityOf(asked)
        if (!equality) return builder.findFirst(asked)
        const relations = Object.keys(asked.with ?? {})
        const shape = [equality.column.name, ...relations].join()
        if (!finds.has(shape)) finds.set(shape, prepareFind(db, tables[key], equality.column, relations))
        return finds.get(shape)?.(equality.value) ?? builder.findFirst(asked)
      }
      return [key, Object.create(builder, { findFirst: { value: findFirst } }) as unknown]
    }),
  )
  return Object.create(db, { query: { value: query } }) as TypystDatabase<TSchema>
}

/** The column and the value of `where`, when that is all there is beside whole relations. */
function equalityOf({ where, with: relations = {}, ...more }: Asked): Equality | undefined {
  // Columns, an order and the like.
  const isPlain = Object.values(more).every((asked) => asked === undefined)
  if (!isPlain || !is(where, SQL) || Object.values(relations).some((asked) => asked !== true)) return undefined
  const [before, column, operator, param, after, ...others] = where.queryChunks
  const isEquality = textOf(before) === '' && textOf(operator) === ' = ' && textOf(after) === '' && others.length === 0
  if (!isEquality || !is(column, PgColumn) || !is(param, Param) || param.encoder !== column) return undefined
  return { column, value: param.value }
}

function textOf(chunk: unknown): string | undefined {
  return is(chunk, StringChunk) ? chunk.value.join('') : undefined
}

/** Builds the statement with plain joins; nothing where a relation is no reference to one row of another table. */
function prepareFind<TSchema extends Record<string, unknown>>(
  db: TypystDatabase<TSchema>,
  config: TableRelationalConfig | undefined,
  column: PgColumn,
  relationNames: readonly string[],
): Find | undefined {
  const table = column.table
  if (!config || !is(table, PgTable) || getTableName(table) !== config.dbName) return undefined
  const joins = relationNames.flatMap((name) => joinOf(name, config))
  const joined = new Set<Table>([table, ...joins.map((join) => join.table)])
  if (joins.length < relationNames.length || joined.size <= joins.length) return undefined
  const columns = getTableColumns(table)
  if (relationNames.some((name) => Object.hasOwn(columns, name))) return undefined
  const selected = {
    ...columns,
    ...Object.fromEntries(joins.map((join) => [join.name, getTableColumns(join.table)])),
  }
  const select = db.select(selected).from(table).$dynamic()
  for (const join of joins) void select.leftJoin(join.table, join.on)
  void select.where(eq(column, sql.placeholder('value')))
  // Where there is one row at most, a limit is a parameter more for nothing.
  if (!column.isUnique && !column.primary) void select.limit(1)
  const prepared = select.prepare('')
  return async (value) => {
    const [found] = (await prepared.execute({ value })) as Record<string, unknown>[]
    return found
  }
}

interface Join {
  readonly name: string
  readonly table: PgTable
  readonly on: SQL
}

function joinOf(name: string, { relations }: TableRelationalConfig): Join[] {
  const relation = relations[name]
  if (!relation || !is(relation, One) || !is(relation.referencedTable, PgTable)) return []
  const { fields: [field, ...more] = [], references: [reference] = [] } = relation.config ?? {}
  if (!is(field, Column) || !is(reference, Column) || more.length > 0) return []
  return [{ name, table: relation.referencedTable, on: eq(field, reference) }]
}
