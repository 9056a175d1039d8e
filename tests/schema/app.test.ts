/** The app's tables: what the planner does with their indexes, and what they know of the auth side. */
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { createTestAppDatabase } from '../../src/testing/index.ts'

/** The plan of a query, with sequential scans made so dear that an index is taken wherever one fits. */
async function explain(pgClient: { exec(text: string): Promise<unknown> }, query: string): Promise<string> {
  await pgClient.exec('set enable_seqscan = off; set enable_sort = off')
  return JSON.stringify(await pgClient.exec(`explain ${query}`))
}

it.each([
  [
    'the newest entries of a collection',
    `select * from entry where collection_id = 'c' order by created_at desc, id desc limit 50`,
    'Index Scan Backward using entry_collection_id_created_at_idx',
  ],
  ["a user's entries", `select * from entry where user_id = 'u'`, 'entry_user_id_idx'],
  ["a user's collections", `select * from collection where user_id = 'u'`, 'collection_user_id_idx'],
  [
    'a search over title and content',
    `select * from entry_search where document @@ '''000000soup'':*'::tsquery`,
    'entry_search_document_idx',
  ],
])('finds %s by an index', async (_what, query, index) => {
  await using app = await createTestAppDatabase()
  expect(await explain(app.pgClient, query)).toContain(index)
})

it('refers to no auth table', async () => {
  await using app = await createTestAppDatabase()
  const { rows } = await app.pgClient.query<{ target: string }>(
    `select distinct confrelid::regclass::text as target from pg_constraint where contype = 'f'`,
  )
  expect(rows).toEqual([{ target: 'collection' }, { target: 'entry' }])
  expect(await readFile(new URL('../../src/schema/app.ts', import.meta.url), 'utf8')).not.toContain("from './auth.ts'")
})

it('saves and finds an entry of twenty megabytes, whatever its words', async () => {
  await using app = await createTestAppDatabase()
  const { collection, entry } = app.schema
  await app.db.insert(collection).values({ id: 'c', name: 'Long' })
  // The worst a full-text index can meet: every word another one, hyphenated, four bytes a letter.
  const letters = Array.from({ length: 200 }, (_, index) => String.fromCodePoint(0x20000 + index))
  const words = letters.flatMap((a) => letters.map((b) => a + b))
  const content = `${words.join('-')} `.repeat(60)
  expect(new TextEncoder().encode(content).length).toBeGreaterThan(18 * 1024 * 1024)
  await app.db.insert(entry).values({ id: 'e', title: 'Soup', content, collectionId: 'c' })
  const [found] = await app.db.select().from(entry)
  expect(found?.content === content).toBe(true)
})
