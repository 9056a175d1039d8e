/** What the planner knows of tables that have grown: without it, the first page of a list reads all of a collection. */
import { and, desc, eq, isNull } from 'drizzle-orm'
import { expect, it, vi } from 'vitest'
import { createId } from '../../src/app/index.ts'
import type { AppDatabase } from '../../src/app/index.ts'
import { createTestAppDatabase } from '../../src/testing/index.ts'

const makeEntries = (collectionId: string) =>
  Array.from({ length: 3000 }, (_, at) => ({
    id: createId(),
    title: `Note ${at}`,
    content: 'Some words of it. '.repeat(20),
    collectionId,
  }))

/** How Postgres reads the first page of a collection. */
async function planOf({ db, pgClient, schema }: AppDatabase, collectionId: string): Promise<string> {
  const { entry } = schema
  const { sql } = db
    .select({ id: entry.id })
    .from(entry)
    .where(and(eq(entry.collectionId, collectionId), isNull(entry.deletedAt)))
    .orderBy(desc(entry.createdAt), desc(entry.id))
    .limit(50)
    .toSQL()
  const { rows } = await pgClient.query(`explain ${sql}`, [collectionId, 50])
  return JSON.stringify(rows)
}

it('is brought up to date by an import, so that a page is read from its index', async () => {
  await using app = await createTestAppDatabase()
  const { id } = await app.collections.create({ name: 'Large' })
  expect(await planOf(app, id)).toContain('Sort')
  await app.transfer.importEntries(makeEntries(id))
  expect(await planOf(app, id)).not.toContain('Sort')
})

it('is brought up to date when nobody writes any more', { tags: 'long' }, async () => {
  await using app = await createTestAppDatabase()
  const { id } = await app.collections.create({ name: 'Large' })
  await app.db.insert(app.schema.entry).values(makeEntries(id))
  expect(await planOf(app, id)).toContain('Sort')
  await vi.waitUntil(async () => !(await planOf(app, id)).includes('Sort'), { timeout: 120_000, interval: 500 })
})
