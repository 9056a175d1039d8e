/** Collections, everybody's or one user's. */
import { and, count, eq, getTableColumns, sql } from 'drizzle-orm'
import { collection, entry } from '../../schema/app.ts'
import type { Collection } from '../../schema/app.ts'
import { createId } from '../create-id.ts'
import type { AppExecutor } from './app-executor.ts'
import type { BindValue } from './bind-value.ts'
import { checkArgument, checkValues } from './check-values.ts'
import type { CollectionChanges, CollectionRepository, CollectionValues } from './collection-repository.ts'
import { createCollectionTrash, isCollection } from './collection-trash.ts'
import { copyEntries, copySettings } from './copy-collection.ts'
import { collectionChangeRules, collectionRules } from './field-rules.ts'
import { createListPage } from './list-page.ts'
import { pickColumns } from './pick-columns.ts'
import { changed, changedNow } from './row-changes.ts'
import { filterRows, visible } from './row-filter.ts'
import { within } from './row-scope.ts'
import type { RowScope } from './row-scope.ts'

const texts = [collection.name, collection.description]
const sortKeys = {
  name: { column: collection.name, type: 'text' },
  created: { column: collection.createdAt, type: 'timestamptz' },
  updated: { column: collection.updatedAt, type: 'timestamptz' },
} as const
const allFields = Object.keys(getTableColumns(collection))

/** Builds the repository. */
export function createCollections(executor: AppExecutor, scope: RowScope): CollectionRepository {
  const own = within(scope, collection.userId)
  const isVisible = visible(collection.deletedAt)
  const listPage = createListPage(executor, { table: collection, id: collection.id, sortKeys })
  return {
    ...createCollectionTrash(executor, scope),
    async create(values, { tx = executor } = {}) {
      return changed(await tx.insert(collection).values(toRow(values, scope)).returning(), 'collection')
    },
    async get(id, { columns = allFields, deleted, tx = executor } = {}) {
      const condition = and(isCollection(id, scope), visible(collection.deletedAt, deleted))
      const [row] = await tx.select(pickColumns(collection, columns)).from(collection).where(condition)
      // The columns that were asked for, by name.
      return row as Collection | undefined
    },
    async list({ columns = allFields, tx = executor, ...options } = {}) {
      const condition = (bind: BindValue) => and(own, filterRows(collection, texts, options, bind))
      return listPage(tx, { columns: pickColumns(collection, columns), condition }, options)
    },
    async count({ tx = executor, ...filter } = {}) {
      const condition = and(own, filterRows(collection, texts, filter))
      const [row] = await tx.select({ rows: count() }).from(collection).where(condition)
      return row?.rows ?? 0
    },
    async update(id, changes, { tx = executor } = {}) {
      const condition = and(isCollection(id, scope), isVisible)
      return changed(await tx.update(collection).set(toSet(changes)).where(condition).returning(), 'collection')
    },
    async upsert(values, { tx = executor } = {}) {
      checkArgument('id', collectionRules.id, values.id)
      const rows = await tx
        .insert(collection)
        .values(toRow(values, scope))
        .onConflictDoUpdate({ target: collection.id, set: toSet(values), setWhere: and(own, isVisible) ?? sql`true` })
        .returning()
      return changed(rows, 'collection')
    },
    duplicate(id, changes = {}, { tx = executor } = {}) {
      const checked = checkValues(collection, collectionChangeRules, changes)
      const condition = and(isCollection(id, scope), isVisible)
      return tx.transaction(async (inner) => {
        const original = changed(await inner.select().from(collection).where(condition), 'collection')
        const time = new Date()
        const own = { id: createId(), name: checked.name ?? original.name, createdAt: time, updatedAt: time }
        const values = { ...original, ...checked, ...own }
        const copy = changed(await inner.insert(collection).values(values).returning(), 'collection')
        await copySettings(inner, id, copy)
        const entries = and(eq(entry.collectionId, id), within(scope, entry.userId), visible(entry.deletedAt))
        await copyEntries(inner, entries, copy)
        return copy
      })
    },
  }
}

function toRow(values: CollectionValues, scope: RowScope) {
  const {
    id = createId(),
    createdAt = new Date(),
    ...checked
  } = checkValues(collection, collectionRules, values, ['name'])
  const owner = scope.kind === 'user' ? { userId: scope.userId } : {}
  return { ...checked, ...owner, id, createdAt, updatedAt: new Date() }
}

function toSet(changes: CollectionChanges) {
  return { ...checkValues(collection, collectionChangeRules, changes), updatedAt: changedNow(collection.updatedAt) }
}
