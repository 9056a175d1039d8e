/** Deletes a user's rows so that the storage does not hold them any more. */
import { eq, inArray, or, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { collection, collectionSettings, entry } from '../../schema/app.ts'
import type { AppExecutor } from './app-executor.ts'
import type { RowCounts } from './change-owner.ts'
import { checkArgument } from './check-values.ts'
import { userIdRule } from './field-rules.ts'

/** Deletes every row of a user. A collection takes its entries along, whoever wrote them. */
export function removeRows(executor: AppExecutor, userId: string): Promise<RowCounts> {
  checkArgument('of', userIdRule, userId)
  return executor.transaction(async (tx) => {
    const own = tx.select({ id: collection.id }).from(collection).where(eq(collection.userId, userId))
    const goes = (owner: PgColumn, collectionId: PgColumn) => or(eq(owner, userId), inArray(collectionId, own))
    const entries = await tx.delete(entry).where(goes(entry.userId, entry.collectionId))
    const settings = await tx
      .delete(collectionSettings)
      .where(goes(collectionSettings.userId, collectionSettings.collectionId))
    const collections = await tx.delete(collection).where(eq(collection.userId, userId))
    return { collections: collections.rowCount, entries: entries.rowCount, settings: settings.rowCount }
  })
}

/**
 * Overwrites what deleted rows have left. Postgres marks them only: they stay in the table's files, in its indexes, in the
 * planner's samples of common values, and in the write-ahead log. Every table of the database is rewritten, for triggers
 * and other tables may have copied from these.
 */
export async function eraseDeleted(executor: AppExecutor): Promise<void> {
  const ofApps = sql`n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'`
  const { rows: views } = await executor.execute<{ name: string }>(sql`
    select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and c.relispopulated and ${ofApps} order by c.oid`)
  for (const { name } of views) await executor.execute(sql`refresh materialized view ${sql.raw(name)}`)
  // Analyzing leaves the samples of a table that is empty, and of a column that it is not to look at.
  await executor.execute(sql`
    delete from pg_statistic where starelid in
      (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${ofApps})`)
  await executor.execute(sql`delete from pg_statistic_ext_data`)
  const { rows } = await executor.execute<{ names: string }>(sql`
    select string_agg(format('%I.%I', n.nspname, c.relname), ', ') as names
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and ${ofApps}`)
  // Names that Postgres has quoted.
  const tables = sql.raw(rows[0]?.names ?? '')
  await executor.execute(sql`vacuum (full, analyze) ${tables}`)
  await executor.execute(sql`vacuum full pg_statistic, pg_statistic_ext_data`)
  // Old segments of the log are deleted, not renamed and written over from their beginning.
  await executor.execute(sql`set wal_recycle = off`)
  await executor.execute(sql`select pg_switch_wal()`)
  await executor.execute(sql`checkpoint`)
  await executor.execute(sql`reset wal_recycle`)
}
