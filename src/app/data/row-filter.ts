/** Which rows are meant: the filters that lists and counts share. */
import { and, gte, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { bindAsGiven } from './bind-value.ts'
import type { BindValue } from './bind-value.ts'
import { ownedBy } from './row-scope.ts'

/** Whether rows in the trash are meant: not at all, too, or nothing else. */
export type DeletedRows = 'exclude' | 'include' | 'only'

/** From an instant on, up to but not including another one. */
export interface TimeRange {
  readonly from?: Date | undefined
  readonly before?: Date | undefined
}

/** Which rows a list or a count is about. Every condition that is given has to hold. */
export interface RowFilter {
  /** When the row was created. */
  readonly created?: TimeRange | undefined
  /** When the row was last changed. */
  readonly updated?: TimeRange | undefined
  /** A text the row has to hold somewhere, in whatever case. */
  readonly text?: string | undefined
  /** Whose rows; `null` for nobody's. What `forUser` gave has only one user's rows to begin with. */
  readonly userId?: string | null | undefined
  /**
   * Whether rows in the trash are meant.
   *
   * @defaultValue `exclude`
   */
  readonly deleted?: DeletedRows | undefined
}

/** The columns the filters look at. */
export interface FilteredTable {
  readonly createdAt: PgColumn
  readonly updatedAt: PgColumn
  readonly deletedAt: PgColumn
  readonly userId: PgColumn
}

/**
 * The condition a filter comes to.
 *
 * @param bind - How it takes the filter's values.
 */
export function filterRows(
  table: FilteredTable,
  texts: readonly PgColumn[],
  { created, updated, text, userId, deleted }: RowFilter,
  bind: BindValue = bindAsGiven,
): SQL | undefined {
  return and(
    visible(table.deletedAt, deleted),
    inRange(table.createdAt, created, bind),
    inRange(table.updatedAt, updated, bind),
    userId === undefined ? undefined : ownedBy(userId, table.userId, bind),
    // Not `ilike`, in whose pattern "%" and "_" would have to be escaped.
    text ? or(...texts.map((column) => sql`strpos(lower(${column}), lower(${bind(text)})) > 0`)) : undefined,
  )
}

/** The condition that a row is in the trash, or is not. */
export function visible(deletedAt: PgColumn, deleted: DeletedRows = 'exclude'): SQL | undefined {
  if (deleted === 'include') return undefined
  return deleted === 'only' ? isNotNull(deletedAt) : isNull(deletedAt)
}

function inRange(column: PgColumn, { from, before }: TimeRange = {}, bind: BindValue): SQL | undefined {
  return and(from && gte(column, bind(from, column)), before && lt(column, bind(before, column)))
}
