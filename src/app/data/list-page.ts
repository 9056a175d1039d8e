/** Lists by keyset: each page begins after the last row of the one before, wherever that row stands by now. */
import { and, asc, desc, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { decoderOf } from '../../drizzle/column-values.ts'
import { TypystDbError } from '../../errors.ts'
import type { AppExecutor } from './app-executor.ts'
import { leaveValuesOpen, shapeOf } from './bind-value.ts'
import type { BindValue } from './bind-value.ts'
import { readCursor, writeCursor } from './page-cursor.ts'

/** How a list is sorted and cut into pages. */
export interface PageOptions<TSort extends string> {
  /**
   * What to sort by; texts by their small letters, and rows with the same value by their keys.
   *
   * @defaultValue `created`
   */
  readonly sort?: TSort | undefined
  /**
   * Which way.
   *
   * @defaultValue `desc` for times, `asc` for texts
   */
  readonly order?: 'asc' | 'desc' | undefined
  /**
   * How many rows a page has at most, from 1 to 1,000.
   *
   * @defaultValue 50
   */
  readonly limit?: number | undefined
  /**
   * The `nextCursor` of the page before.
   *
   * @defaultValue none: the first page
   */
  readonly cursor?: string | undefined
}

/** One page of a list. */
export interface Page<TRow> {
  readonly rows: TRow[]
  /** Gives the next page; `undefined` when this is the last one. */
  readonly nextCursor: string | undefined
}

/** What a list can be sorted by. */
export interface SortKey {
  readonly column: PgColumn
  readonly type: 'text' | 'timestamptz'
}

/** What lists of a table have in common. */
export interface ListedTable<TSort extends string> {
  readonly table: PgTable
  readonly id: PgColumn
  readonly sortKeys: Readonly<Record<TSort | 'created', SortKey>>
}

/** What one list is about. */
export interface ListedRows {
  /** The columns of the result, by their fields. */
  readonly columns: Record<string, PgColumn>
  /** Which rows, with their values as `bind` gives them. */
  readonly condition: (bind: BindValue) => SQL | undefined
}

/**
 * Reads one page. Rows that stay as they are appear on one page each, whatever is added, changed or deleted meanwhile.
 *
 * @throws TypystDbError `INVALID_INPUT` for a limit, an order or a cursor that cannot be one.
 */
export type ListPage<TSort extends string> = <TRow>(
  executor: AppExecutor,
  rows: ListedRows,
  options: PageOptions<TSort | 'created'>,
) => Promise<Page<TRow>>

/** A list's statement, written for one shape of it. */
interface ListStatement {
  readonly run: (values: Readonly<Record<string, unknown>>) => Promise<{ row: Record<string, unknown>; key: string }[]>
  /** The field that is made of the key a row is sorted by. */
  readonly timeField: string | undefined
  /** The field of the row's own key; absent when it was not asked for. */
  readonly idField: string | undefined
}

/** Statements kept for the lists of one repository; an app has a few, one for each of its views. */
const statementsKept = 32

/**
 * Makes the lists of a table. Writing a list's statement takes a tenth of reading a page, so each is written once.
 *
 * @param home - Whose statements are kept; those of a transaction end with it.
 */
export function createListPage<TSort extends string>(
  home: AppExecutor,
  { table, id, sortKeys }: ListedTable<TSort>,
): ListPage<TSort> {
  const statements = new Map<string, ListStatement>()

  return async <TRow>(
    executor: AppExecutor,
    { columns, condition }: ListedRows,
    { sort = 'created' as const, order, limit = 50, cursor }: PageOptions<TSort | 'created'>,
  ): Promise<Page<TRow>> => {
    const sortKey = sortKeys[sort]
    if (!Object.hasOwn(sortKeys, sort)) throw notAllowed('sort', Object.keys(sortKeys).join(', '))
    if (order !== undefined && !['asc', 'desc'].includes(order)) throw notAllowed('order', 'asc, desc')
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
      throw notAllowed('limit', 'whole numbers from 1 to 1,000')
    }
    const isDescending = (order ?? (sortKey.type === 'text' ? 'asc' : 'desc')) === 'desc'
    const listOrder = `${sort} ${isDescending ? 'desc' : 'asc'}`
    const end = cursor === undefined ? undefined : readCursor(listOrder, cursor)
    const { bind, values } = leaveValuesOpen()
    const place = sortKey.type === 'text' ? sql`lower(${sortKey.column})` : sql`${sortKey.column}`
    const where = and(condition(bind), end && isAfter(place, sortKey.type, id, end, isDescending, bind))

    const write = (): ListStatement => {
      const direction = isDescending ? desc : asc
      // Each column travels once: reading a result is most of what a page costs.
      const timeField = sortKey.type === 'text' ? undefined : fieldOf(columns, sortKey.column)
      const idField = fieldOf(columns, id)
      const others = Object.fromEntries(Object.entries(columns).filter(([field]) => field !== timeField))
      const statement = executor
        .select({ row: idField === undefined ? { ...others, [ownId]: id } : others, key: sql<string>`${place}::text` })
        .from(table)
        .where(where)
        .orderBy(direction(place), direction(id))
        .limit(sql.placeholder('limit'))
        .prepare('typyst_list')
      return { run: (given) => statement.execute(given), timeField, idField }
    }
    const keep = (): ListStatement => {
      const shape = JSON.stringify([listOrder, Object.keys(columns), shapeOf(where)])
      const statement = statements.get(shape) ?? write()
      // In the order of their last use.
      statements.delete(shape)
      statements.set(shape, statement)
      const [oldest] = statements.keys()
      if (statements.size > statementsKept && oldest !== undefined) statements.delete(oldest)
      return statement
    }
    const { run, timeField, idField } = executor === home ? keep() : write()

    // One more tells whether there is another page.
    const found = await run({ ...values, limit: limit + 1 })
    const shown = found.slice(0, limit)
    const time = decoderOf(sortKey.column)
    const last = found.length > limit ? shown.at(-1) : undefined
    const toRow = ({ row, key }: (typeof found)[number]): Record<string, unknown> => {
      // Drizzle made the row for this query, and copies of it would cost as much as the mapping.
      if (timeField !== undefined) row[timeField] = time.mapFromDriverValue(key)
      return idField === undefined ? Object.fromEntries(Object.entries(row).filter(([field]) => field !== ownId)) : row
    }
    return {
      // Drizzle cannot say in types that the row has the columns it was asked for by name.
      rows: shown.map((each) => toRow(each) as TRow),
      nextCursor: last && writeCursor(listOrder, { key: last.key, id: String(last.row[idField ?? ownId]) }),
    }
  }
}

/** The key's name in a row that was not asked for it. */
const ownId = 'typystRowId'

/** By which name a column is selected. */
function fieldOf(columns: Readonly<Record<string, PgColumn>>, wanted: PgColumn): string | undefined {
  return Object.keys(columns).find((field) => columns[field] === wanted)
}

function isAfter(
  place: SQL,
  type: SortKey['type'],
  id: PgColumn,
  end: { readonly key: string; readonly id: string },
  isDescending: boolean,
  bind: BindValue,
): SQL {
  const than = sql.raw(isDescending ? '<' : '>')
  // Compared as a pair, which an index over both finds without reading what comes before.
  return sql`(${place}, ${id}) ${than} (${bind(end.key)}::${sql.raw(type)}, ${bind(end.id)}::text)`
}

function notAllowed(option: string, allowed: string): TypystDbError {
  return new TypystDbError('INVALID_INPUT', `The option \`${option}\` is not one of ${allowed}. Pass one of these.`)
}
