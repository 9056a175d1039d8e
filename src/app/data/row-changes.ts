/** What the writing methods share: the times they keep, and the error for a row that is not there. */
import { lte, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import { checkArgument } from './check-values.ts'

/** The time of a change. Later than that of the change before, also when the clock was set back or has not moved on. */
export function changedNow(updatedAt: PgColumn): SQL {
  return sql`greatest(${now()}, ${updatedAt} + interval '1 millisecond')`
}

/** The present, as a parameter. The clock of the caller, because the database's stands still within a transaction. */
export function now(): SQL {
  return sql`${new Date().toISOString()}::timestamptz`
}

/** The condition that a row has been in the trash for some time, in milliseconds. */
export function trashedFor(deletedAt: PgColumn, olderThanMs = 0): SQL {
  checkArgument('olderThanMs', isDuration, olderThanMs)
  return lte(deletedAt, new Date(Date.now() - olderThanMs))
}

/**
 * The one row that a statement changed.
 *
 * @throws TypystDbError `NOT_FOUND` when it changed none.
 */
export function changed<TRow>(rows: readonly TRow[], what: 'collection' | 'entry'): TRow {
  const [row] = rows
  if (row === undefined) throw notFound(what)
  return row
}

/**
 * Runs an insert whose required values come from subqueries, which find nothing where a row is not there.
 *
 * @throws TypystDbError `NOT_FOUND` then.
 */
export async function orNotFound<T>(insert: PromiseLike<T>, what: 'collection' | 'entry'): Promise<T> {
  try {
    return await insert
  } catch (cause) {
    throw isTypystDbError(cause) && cause.code === 'NOT_NULL_VIOLATION' ? notFound(what) : cause
  }
}

function notFound(what: 'collection' | 'entry'): TypystDbError {
  return new TypystDbError(
    'NOT_FOUND',
    `There is no such ${what} here: it was deleted, is in the trash, or is somebody else's. Nothing was changed; read the list again.`,
    { table: what },
  )
}

function isDuration(value: unknown): string | undefined {
  // A Date reaches 8.64e15 ms to either side of 1970.
  return typeof value === 'number' && value >= 0 && value <= 8.64e15 / 2 ? undefined : 'is not a number of milliseconds'
}
