/** Reading and writing collections. */
import { createId } from '@typyst/db/app'
import { asc, count, eq } from 'drizzle-orm'
import { app } from './database.ts'
import { isOwn, ownerId } from './owner.ts'

const { collection, entry } = app.schema

/** What the list of collections shows. */
export interface CollectionSummary {
  readonly id: string
  readonly name: string
  readonly entryCount: number
}

export function listCollections(): Promise<CollectionSummary[]> {
  return app.db
    .select({ id: collection.id, name: collection.name, entryCount: count(entry.id) })
    .from(collection)
    .leftJoin(entry, eq(entry.collectionId, collection.id))
    .where(isOwn(collection.userId))
    .groupBy(collection.id)
    .orderBy(asc(collection.createdAt), asc(collection.id))
}

/** @returns The new collection's id. */
export async function createCollection(name: string): Promise<string> {
  const id = createId()
  await app.db.insert(collection).values({ id, name, userId: ownerId() })
  return id
}

export async function renameCollection(id: string, name: string): Promise<void> {
  await app.db.update(collection).set({ name }).where(eq(collection.id, id))
}

/** Deletes the collection; the database deletes its entries with it. */
export async function deleteCollection(id: string): Promise<void> {
  await app.db.delete(collection).where(eq(collection.id, id))
}
