/** Rows whose user is gone: the user lives in another database, so no foreign key removes them. */
import { sql } from 'drizzle-orm'
import { collection, collectionSettings, entry } from '../../schema/app.ts'
import type { AppExecutor } from './app-executor.ts'
import type { RowCounts } from './change-owner.ts'

/** What is left of a user. */
export interface Orphans extends RowCounts {
  readonly userId: string
}

/** Finds the rows of users who are not among the known ones. Nobody's rows are no orphans. */
export async function findOrphans(executor: AppExecutor, knownUserIds: Iterable<string>): Promise<Orphans[]> {
  const known = new Set(knownUserIds)
  const { rows } = await executor.execute<{ [Field in keyof Orphans]: Orphans[Field] }>(sql`
    select user_id as "userId", sum(collections)::int as collections, sum(entries)::int as entries, sum(settings)::int as settings
    from (
      select user_id, 1 as collections, 0 as entries, 0 as settings from ${collection}
      union all select user_id, 0, 1, 0 from ${entry}
      union all select user_id, 0, 0, 1 from ${collectionSettings}
    ) as owned
    where user_id is not null
    group by user_id
    order by user_id
  `)
  return rows.filter(({ userId }) => !known.has(userId))
}
