/** How rows become objects: plain columns by our own mapping, everything else by Drizzle's. */
import { eq, max, sql } from 'drizzle-orm'
import { mapResultRow } from 'drizzle-orm/utils'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createRowMapper } from '../../src/drizzle/row-mapper.ts'
import { appSchema } from '../../src/schema/app.ts'
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

it('reads columns exactly beside expressions with a name, and in them', async () => {
  await using app = await createTestAppDatabase()
  const { collection } = app.schema
  const createdAt = new Date('0050-01-02T03:04:05.678Z')
  await app.db.insert(collection).values({ id: 'c', name: 'C', createdAt })
  const named = sql`${collection.createdAt}`.mapWith(collection.createdAt).as('named')
  const expected = { at: createdAt, named: createdAt }
  const { db } = app

  expect(await db.select({ at: collection.createdAt, named }).from(collection)).toEqual([expected])
  const inner = db.select({ at: collection.createdAt, named }).from(collection).as('inner')
  expect(await db.select().from(inner)).toEqual([expected])
  const common = db.$with('common').as(db.select({ at: collection.createdAt, named }).from(collection))
  expect(await db.with(common).select().from(common)).toEqual([expected])
  const newest = db.select({ at: max(collection.createdAt) }).from(collection)
  expect(await newest).toEqual([{ at: createdAt }])
  expect(await db.select({ of: { at: collection.createdAt, named } }).from(collection)).toEqual([{ of: expected }])
  expect(await db.update(collection).set({ name: 'D' }).returning({ at: collection.createdAt, named })).toEqual([
    expected,
  ])
})

it('gives what Drizzle gives, whichever tables and values are missing', () => {
  const { collection, entry } = appSchema
  const fields = fc.uniqueArray(
    fc.record({
      path: fc.oneof(
        fc.tuple(fc.constantFrom('a', 'b', 'c', 'd')),
        fc.tuple(fc.constantFrom('e', 'f', 'g'), fc.constantFrom('a', 'b', 'c')),
      ),
      field: fc.constantFrom(collection.id, collection.createdAt, entry.id, entry.content, sql`1`.mapWith(String)),
    }),
    { selector: ({ path }) => path.join('.'), maxLength: 10 },
  )
  const maybe = fc.option(fc.boolean(), { nil: undefined })
  const missing = fc.option(fc.record({ collection: maybe, entry: maybe }), { nil: undefined })
  fc.assert(
    fc.property(fields, missing, fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }), (chosen, map, nulls) => {
      // Drizzle puts the fields of a group side by side.
      const ordered = chosen.map(({ path, field }) => ({ path: [...path], field })).sort(byGroup)
      const known =
        map &&
        Object.fromEntries(Object.entries(map).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
      const row = ordered.map((_, at) => (nulls[at] ? null : '2026-01-02 03:04:05+00'))
      expect(createRowMapper(ordered, known)(row)).toEqual(mapResultRow(ordered, row, known))
    }),
    { numRuns: 500 },
  )
})

function byGroup({ path: [left = ''] }: { path: string[] }, { path: [right = ''] }: { path: string[] }): number {
  return left < right ? -1 : Number(left > right)
}
