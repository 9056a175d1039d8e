/** Copies the entries and the settings of a collection into its copy, inside the database. */
import { asc, eq, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { collectionSettings, entry } from '../../schema/app.ts'
import type { Collection } from '../../schema/app.ts'
import { createId } from '../create-id.ts'
import type { AppExecutor } from './app-executor.ts'

/** Copies the entries a condition holds for into another collection, oldest first. */
export async function copyEntries(
  tx: AppExecutor,
  condition: SQL | undefined,
  { id, userId, createdAt }: Collection,
): Promise<void> {
  const originals = await tx
    .select({ id: entry.id })
    .from(entry)
    .where(condition)
    .orderBy(asc(entry.createdAt), asc(entry.id))
  // As one parameter, since a statement takes 65,533 of them at most.
  const copies = JSON.stringify(originals.map((original) => ({ original: original.id, id: createId() })))
  const time = createdAt.toISOString()
  await tx.execute(sql`
    insert into ${entry} (id, title, content, collection_id, user_id, created_at, updated_at)
    select copies.id, ${entry.title}, ${entry.content}, ${id}, ${userId}, ${time}::timestamptz, ${time}::timestamptz
    from json_to_recordset(${copies}::json) as copies(original text, id text)
    join ${entry} on ${entry.id} = copies.original
  `)
}

/** Copies the settings of a collection, when it has some. */
export async function copySettings(
  tx: AppExecutor,
  collectionId: string,
  { id, userId, createdAt }: Collection,
): Promise<void> {
  const [settings] = await tx.select().from(collectionSettings).where(eq(collectionSettings.collectionId, collectionId))
  if (!settings) return
  const copy = { id: createId(), collectionId: id, userId, createdAt, updatedAt: createdAt }
  await tx.insert(collectionSettings).values({ ...settings, ...copy })
}
