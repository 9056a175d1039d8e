/** The settings of collections, everybody's or one user's. */
import { and, count, eq, getTableColumns, sql } from 'drizzle-orm'
import { collection, collectionSettings } from '../../schema/app.ts'
import { createId } from '../create-id.ts'
import type { AppExecutor } from './app-executor.ts'
import { checkArgument, checkValues } from './check-values.ts'
import { isCollection } from './collection-trash.ts'
import { collectionSettingsRules, rowIdRule } from './field-rules.ts'
import { changed, changedNow, orNotFound } from './row-changes.ts'
import { visible } from './row-filter.ts'
import { within } from './row-scope.ts'
import type { RowScope } from './row-scope.ts'
import type { SettingsRepository } from './settings-repository.ts'

/** Builds the repository. */
export function createSettings(executor: AppExecutor, scope: RowScope): SettingsRepository {
  const own = and(within(scope, collectionSettings.userId), visible(collection.deletedAt))
  const settingsOf = (tx: AppExecutor) =>
    tx
      .select(getTableColumns(collectionSettings))
      .from(collectionSettings)
      .innerJoin(collection, eq(collection.id, collectionSettings.collectionId))
  return {
    async get(collectionId, { tx = executor } = {}) {
      const [row] = await settingsOf(tx).where(and(isCollection(collectionId, scope), own))
      return row
    },
    async list({ tx = executor } = {}) {
      const rows = await settingsOf(tx).where(own)
      return new Map(rows.map((row) => [row.collectionId, row]))
    },
    async count({ tx = executor } = {}) {
      const [row] = await tx
        .select({ rows: count() })
        .from(collectionSettings)
        .innerJoin(collection, eq(collection.id, collectionSettings.collectionId))
        .where(own)
      return row?.rows ?? 0
    },
    async upsert(collectionId, values, { tx = executor } = {}) {
      const checked = checkValues(collectionSettings, collectionSettingsRules, values)
      const condition = and(isCollection(collectionId, scope), visible(collection.deletedAt))
      const home = (column: typeof collection.id | typeof collection.userId) =>
        sql`(select ${column} from ${collection} where ${condition})`
      const time = new Date()
      const owned = { collectionId: home(collection.id), userId: home(collection.userId) }
      const insert = tx
        .insert(collectionSettings)
        .values({ ...checked, ...owned, id: createId(), createdAt: time, updatedAt: time })
        .onConflictDoUpdate({
          target: collectionSettings.collectionId,
          set: { ...checked, userId: owned.userId, updatedAt: changedNow(collectionSettings.updatedAt) },
        })
        .returning()
      return changed(await orNotFound(insert, 'collection'), 'collection')
    },
    async delete(collectionId, { tx = executor } = {}) {
      checkArgument('collectionId', rowIdRule, collectionId)
      await tx
        .delete(collectionSettings)
        .where(and(eq(collectionSettings.collectionId, collectionId), within(scope, collectionSettings.userId)))
    },
  }
}
