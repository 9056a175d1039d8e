/** Reading and writing entries, the notes themselves. */
import { createId } from '@typyst/db/app'
import type { Entry, NewEntry } from '@typyst/db/schema/app'
import { asc, desc, eq } from 'drizzle-orm'
import { app } from './database.ts'

const { entry } = app.schema

/** What the list of notes shows: everything but the text. */
export type EntrySummary = Pick<Entry, 'id' | 'title' | 'createdAt'>

// "note 10" comes after "note 9", in whatever language the browser speaks.
const byTitle = new Intl.Collator(undefined, { numeric: true })

/** Newest first; what was imported together has one time, and goes by title. */
export async function listEntries(collectionId: string): Promise<EntrySummary[]> {
  const rows = await app.db
    .select({ id: entry.id, title: entry.title, createdAt: entry.createdAt })
    .from(entry)
    .where(eq(entry.collectionId, collectionId))
    .orderBy(desc(entry.createdAt), asc(entry.id))
  return rows.sort(
    (one, other) => other.createdAt.getTime() - one.createdAt.getTime() || byTitle.compare(one.title, other.title),
  )
}

export async function readEntry(id: string): Promise<Entry | undefined> {
  const [row] = await app.db.select().from(entry).where(eq(entry.id, id))
  return row
}

/** @returns The new entry's id. */
export async function createEntry(values: Omit<NewEntry, 'id'>): Promise<string> {
  const id = createId()
  await app.db.insert(entry).values({ ...values, id })
  return id
}

/** All of them or none: one statement is one transaction, and storage in a browser is slow per statement. */
export async function createEntries(rows: readonly Omit<NewEntry, 'id'>[]): Promise<void> {
  await app.db.insert(entry).values(rows.map((row) => ({ ...row, id: createId() })))
}

export async function renameEntry(id: string, title: string): Promise<void> {
  await app.db.update(entry).set({ title }).where(eq(entry.id, id))
}

export async function saveContent(id: string, content: string): Promise<void> {
  await app.db.update(entry).set({ content }).where(eq(entry.id, id))
}

export async function deleteEntry(id: string): Promise<void> {
  await app.db.delete(entry).where(eq(entry.id, id))
}
