/** The trash of collections: what goes in, comes back, and is deleted for good takes its entries with it. */
import { and, eq, isNotNull, notExists, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { collection, entry } from '../../schema/app.ts'
import type { AppExecutor } from './app-executor.ts'
import { checkArgument } from './check-values.ts'
import type { CollectionRepository } from './collection-repository.ts'
import { rowIdRule } from './field-rules.ts'
import { changed, changedNow, now, trashedFor } from './row-changes.ts'
import { visible } from './row-filter.ts'
import { without, within } from './row-scope.ts'
import type { RowScope } from './row-scope.ts'

/** The condition that a collection has an id and is within the scope. */
export function isCollection(id: string, scope: RowScope): SQL | undefined {
  checkArgument('id', rowIdRule, id)
  return and(eq(collection.id, id), within(scope, collection.userId))
}

/** Builds the methods. */
export function createCollectionTrash(
  executor: AppExecutor,
  scope: RowScope,
): Pick<CollectionRepository, 'trash' | 'restore' | 'delete' | 'emptyTrash'> {
  // Deleting a collection deletes its entries, and somebody else's may have got there past the repositories.
  const holdsOnlyOwn = (tx: AppExecutor) => {
    const foreign = without(scope, entry.userId)
    return (
      foreign &&
      notExists(
        tx
          .select()
          .from(entry)
          .where(and(eq(entry.collectionId, collection.id), foreign)),
      )
    )
  }
  const entriesOf = (id: string, condition: SQL | undefined) =>
    and(eq(entry.collectionId, id), within(scope, entry.userId), condition)

  return {
    trash(id, { tx = executor } = {}) {
      const condition = and(isCollection(id, scope), visible(collection.deletedAt))
      return tx.transaction(async (inner) => {
        const set = { deletedAt: afterItsEntries(), updatedAt: changedNow(collection.updatedAt) }
        const row = changed(await inner.update(collection).set(set).where(condition).returning(), 'collection')
        await inner
          .update(entry)
          .set({ deletedAt: trashedAt(id), updatedAt: changedNow(entry.updatedAt) })
          .where(entriesOf(id, visible(entry.deletedAt)))
        return row
      })
    },
    restore(id, { tx = executor } = {}) {
      const condition = and(isCollection(id, scope), isNotNull(collection.deletedAt))
      return tx.transaction(async (inner) => {
        await inner
          .update(entry)
          .set({ deletedAt: null, updatedAt: changedNow(entry.updatedAt) })
          .where(entriesOf(id, eq(entry.deletedAt, trashedAt(id))))
        const set = { deletedAt: null, updatedAt: changedNow(collection.updatedAt) }
        return changed(await inner.update(collection).set(set).where(condition).returning(), 'collection')
      })
    },
    async delete(id, { tx = executor } = {}) {
      const condition = and(isCollection(id, scope), holdsOnlyOwn(tx))
      changed(await tx.delete(collection).where(condition).returning({ id: collection.id }), 'collection')
    },
    async emptyTrash({ olderThanMs, tx = executor } = {}) {
      const condition = and(
        within(scope, collection.userId),
        trashedFor(collection.deletedAt, olderThanMs),
        holdsOnlyOwn(tx),
      )
      return (await tx.delete(collection).where(condition)).rowCount
    },
  }
}

/** Now, or later than any of its entries went into the trash: `restore` tells by it which ones go with the collection. */
function afterItsEntries(): SQL {
  const latest = sql`select max(${entry.deletedAt}) from ${entry} where ${entry.collectionId} = ${collection.id}`
  return sql`greatest(${now()}, (${latest}) + interval '1 millisecond')`
}

function trashedAt(id: string): SQL {
  return sql`(select ${collection.deletedAt} from ${collection} where ${collection.id} = ${id})`
}
