/** How rows become objects: plain columns by our own mapping, everything else by Drizzle's. */
import { eq, sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { createTestAppDatabase } from '../../src/testing/index.ts'

it('decodes plain columns, expressions, nested selections and rows without a partner', async () => {
  await using app = await createTestAppDatabase()
  const { collection, entry } = app.schema
  const createdAt = new Date('2026-01-02T03:04:05.678Z')
  await app.db.insert(collection).values([
    { id: 'full', name: 'Full', createdAt },
    { id: 'empty', name: 'Empty', createdAt },
  ])
  await app.db.insert(entry).values({ id: 'e', title: 'E', collectionId: 'full', createdAt, updatedAt: createdAt })
  const expected = { id: 'e', title: 'E', content: null, collectionId: 'full', userId: null, deletedAt: null }
  const plain = { ...expected, createdAt, updatedAt: createdAt }

  expect(await app.db.select().from(entry)).toEqual([plain])
  expect(await app.db.select({ at: entry.createdAt, double: sql`2 * 2`.mapWith(String) }).from(entry)).toEqual([
    { at: createdAt, double: '4' },
  ])
  expect(
    await app.db
      .select({ of: { name: collection.name } })
      .from(collection)
      .orderBy(collection.name),
  ).toEqual([{ of: { name: 'Empty' } }, { of: { name: 'Full' } }])
  const joined = await app.db
    .select()
    .from(collection)
    .leftJoin(entry, eq(entry.collectionId, collection.id))
    .orderBy(collection.name)
  expect(joined.map((row) => row.entry)).toEqual([null, plain])
})
