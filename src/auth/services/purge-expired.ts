/** Deletes rows that have expired, a few at a time, on as many servers at once as there are. */
import { lt, sql } from 'drizzle-orm'
import type { AuthSchema } from '../../schema/auth.ts'
import { logChange } from './service-call.ts'
import type { AnyCall, AnyDatabase } from './service-call.ts'

/** How much a purge does. */
export interface PurgeOptions {
  /**
   * How many rows each transaction deletes at most; a few hundred keep locks short.
   *
   * @defaultValue 500
   */
  readonly batchRows?: number | undefined
  /**
   * How many rows this call deletes at most; what is left is for the next one.
   *
   * @defaultValue no limit
   */
  readonly maxRows?: number | undefined
}

/** A table whose rows expire. */
type ExpiringTable = AuthSchema['session'] | AuthSchema['verification']

/**
 * Deletes what has expired by the database's clock. Rows that another transaction holds are left to it.
 *
 * @returns How many rows it deleted.
 */
export async function purgeExpired(
  db: AnyDatabase,
  table: ExpiringTable,
  action: string,
  { batchRows = 500, maxRows = Number.MAX_SAFE_INTEGER }: PurgeOptions = {},
  call: AnyCall = {},
): Promise<number> {
  const on = call.tx ?? db
  let deleted = 0
  for (;;) {
    const limit = Math.min(batchRows, maxRows - deleted)
    const expired = on
      .select({ id: table.id })
      .from(table)
      .where(lt(table.expiresAt, sql`now()`))
      .limit(limit)
      .for('update', { skipLocked: true })
    // As an array, because a join may ask the subquery again for each row, and that would lock and delete more.
    const { rowCount } = await on.delete(table).where(sql`${table.id} = any(array(${expired}))`)
    deleted += rowCount
    if (rowCount < limit || deleted >= maxRows) break
  }
  logChange(call, action, deleted)
  return deleted
}
