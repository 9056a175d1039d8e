/** Lists by keyset: each page begins after the last row of the one before, wherever that row stands by now. */
import { and, asc, desc, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import type { AppExecutor } from './app-executor.ts'
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

/** What a list is about. */
export interface ListedRows<TSort extends string> {
  readonly table: PgTable
  readonly id: PgColumn
  /** The columns of the result, by their fields. */
  readonly columns: Record<string, PgColumn>
  readonly condition: SQL | undefined
  readonly sortKeys: Readonly<Record<TSort | 'created', SortKey>>
}

/**
 * Reads one page. Rows that stay as they are appear on one page each, whatever is added, changed or deleted meanwhile.
 *
 * @throws TypystDbError `INVALID_INPUT` for a limit, an order or a cursor that cannot be one.
 */
export async function listPage<TRow, TSort extends string>(
  executor: AppExecutor,
  { table, id, columns, condition, sortKeys }: ListedRows<TSort>,
  { sort = 'created' as const, order, limit = 50, cursor }: PageOptions<TSort | 'created'>,
): Promise<Page<TRow>> {
  const sortKey = sortKeys[sort]
  if (!Object.hasOwn(sortKeys, sort)) throw notAllowed('sort', Object.keys(sortKeys).join(', '))
  if (order !== undefined && !['asc', 'desc'].includes(order)) throw notAllowed('order', 'asc, desc')
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw notAllowed('limit', 'whole numbers from 1 to 1,000')
  const isDescending = (order ?? (sortKey.type === 'text' ? 'asc' : 'desc')) === 'desc'
  const place = sortKey.type === 'text' ? sql`lower(${sortKey.column})` : sql`${sortKey.column}`
  const listOrder = `${sort} ${isDescending ? 'desc' : 'asc'}`
  const end = cursor === undefined ? undefined : readCursor(listOrder, cursor)
  const direction = isDescending ? desc : asc
  // Each column travels once: reading a result is most of what a page costs.
  const timeField = sortKey.type === 'text' ? undefined : fieldOf(columns, sortKey.column)
  const idField = fieldOf(columns, id)
  const others = Object.fromEntries(Object.entries(columns).filter(([field]) => field !== timeField))
  const found = await executor
    .select({ row: idField === undefined ? { ...others, [ownId]: id } : others, key: sql<string>`${place}::text` })
    .from(table)
    .where(and(condition, end && isAfter(place, sortKey.type, id, end, isDescending)))
    .orderBy(direction(place), direction(id))
    // One more tells whether there is another page.
    .limit(limit + 1)
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1) : undefined
  const toRow = ({ row, key }: (typeof found)[number]): Record<string, unknown> => {
    // Drizzle made the row for this query, and copies of it would cost as much as the mapping.
    if (timeField !== undefined) row[timeField] = sortKey.column.mapFromDriverValue(key)
    return idField === undefined ? Object.fromEntries(Object.entries(row).filter(([field]) => field !== ownId)) : row
  }
  return {
    // Drizzle cannot say in types that the row has the columns it was asked for by name.
    rows: shown.map((each) => toRow(each) as TRow),
    nextCursor: last && writeCursor(listOrder, { key: last.key, id: String(last.row[idField ?? ownId]) }),
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
): SQL {
  const than = sql.raw(isDescending ? '<' : '>')
  // Compared as a pair, which an index over both finds without reading what comes before.
  return sql`(${place}, ${id}) ${than} (${end.key}::${sql.raw(type)}, ${end.id}::text)`
}

function notAllowed(option: string, allowed: string): TypystDbError {
  return new TypystDbError('INVALID_INPUT', `The option \`${option}\` is not one of ${allowed}. Pass one of these.`)
}
