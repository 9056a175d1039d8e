/** `app.search`: what is found, in which order, and what is shown of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTestAppDatabase } from '../../../src/testing/index.ts'
import type { AppDatabase } from '../../../src/app/create-app-database.ts'
import { indexPending } from '../../../src/app/search/index-pending.ts'
import type { SqlExecutor } from '../../../src/internal/sql-connection.ts'
import { createPGliteConnection } from '../../../src/pglite/pglite-connection.ts'
import { collectReadmes } from '../../examples/collect-readmes.ts'
import { matches } from './reference-search.ts'
import { isLong } from '../../support/rounds.ts'

const notes: Readonly<Record<string, string>> = {
  'Крем-суп из тыквы': 'Тыкву запечь. ЁЖИК съел мой суп.',
  '한국어 데이터베이스': '검색은 빠르다. 데이터베이스를 닫는다.',
  東京の地図: '東京都と京都。データベースを検索する。カタカナ',
  '京都 東 東京': '都 ということ',
  'Café crème': 'naïve façade, ﬁne ½ Straße',
  'Σίσυφος Οδυσσεύς': 'ΛΌΓΟΣ λόγος',
  ภาษาไทย: 'ไม่มีช่องว่างระหว่างคำ',
  हिन्दी: 'खोज करना',
  'mixed 日本語test': 'node.js @typyst/db foo_bar C++ 2026-11-21 🎉 party',
  Soup: 'tomato and basil',
  Dinner: 'soup soup soup with tomato',
}

async function withNotes(texts: Readonly<Record<string, string>>): Promise<AppDatabase> {
  const app = await createTestAppDatabase()
  const { collection, entry } = app.schema
  await app.db.insert(collection).values({ id: 'c', name: 'Notes' })
  const rows = Object.entries(texts).map(([title, content]) => ({ id: title, title, content, collectionId: 'c' }))
  while (rows.length > 0) await app.db.insert(entry).values(rows.splice(0, 200))
  return app
}

/** All pages, and that they hold together. */
async function everyId(app: AppDatabase, text: string, limit = 200): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const page = await app.search(text, { limit, offset: ids.length })
    ids.push(...page.results.map(({ id }) => id))
    if (!page.hasMore) return ids
    expect(page.results).toHaveLength(limit)
  }
}

describe('in notes of many scripts', () => {
  let app: AppDatabase
  beforeAll(async () => {
    app = await withNotes(notes)
  })
  afterAll(() => app.close())

  const expected = (text: string) => Object.entries(notes).filter(([title, content]) => matches(text, title, content))

  it.each([
    ['суп', 1],
    ['ежик', 1],
    ['СЪЕЛ МОЙ', 1],
    ['мои', 0],
    ['한국', 1],
    ['베이스', 1],
    ['검새', 1],
    ['ㄱ', 1],
    ['검ㅅ', 1],
    ['京都', 2],
    ['東京都', 1],
    ['데이터', 1],
    ['ﾃﾞｰﾀ', 1],
    ['cafe CREME', 1],
    ['fine', 1],
    ['λογος', 1],
    ['σισυφοσ', 1],
    ['ช่องว่าง', 1],
    ['खोज', 1],
    ['test 日本', 1],
    ['typyst/d', 1],
    ['bar', 1],
    ['🎉', 1],
    ['tomato soup', 2],
    ['oup', 0],
  ])('finds what holds "%s"', async (text, count) => {
    const found = await everyId(app, text)
    expect(found).toHaveLength(count)
    // Letters and emoji by themselves are no words to the reference.
    if (!/^[ㄱ🎉]|ㅅ$/u.test(text))
      expect(found.sort()).toEqual(
        expected(text)
          .map(([title]) => title)
          .sort(),
      )
  })

  it('takes anything for a search', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 40 }),
          fc.string({ unit: fc.constantFrom(...Array.from(`'"\\&|!():*<->#%_ $1 a日한ก\0`)), maxLength: 20 }),
        ),
        async (text) => {
          const { results } = await app.search(text)
          for (const { title, titleParts } of results) {
            expect(titleParts.map((part) => part.text).join('')).toBe(title.normalize('NFC'))
          }
        },
      ),
      { numRuns: isLong ? 30 : 8 },
    )
  })

  it('puts a title before a text, and marks what was found', async () => {
    const { results } = await app.search('sou')
    expect(results.map(({ id }) => id)).toEqual(['Soup', 'Dinner'])
    expect(results[0]?.titleParts).toEqual([{ text: 'Soup', isMatch: true }])
    expect(results[1]?.snippetParts.slice(0, 2)).toEqual([
      { text: 'soup', isMatch: true },
      { text: ' ', isMatch: false },
    ])
    const [tokyo] = (await app.search('東京都')).results
    expect(tokyo?.snippetParts[0]).toEqual({ text: '東京都', isMatch: true })
  })

  it('refuses a page that cannot be', async () => {
    await expect(app.search('soup', { limit: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
    await expect(app.search('soup', { offset: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })
})

describe('in hundreds of real documents', () => {
  const texts: Record<string, string> = {}
  let app: AppDatabase
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typyst-search-'))
    for (const [title, bytes] of await collectReadmes(folder)) {
      // Some hold a NUL character, which Postgres does not.
      const text = bytes.toString().replaceAll('\0', '')
      texts[title] = text.slice(0, 60_000)
    }
    await rm(folder, { recursive: true })
    app = await withNotes(texts)
  })
  afterAll(() => app.close())

  it('finds just what reading all of them finds', async () => {
    const words = Object.values(texts).flatMap((text) => text.match(/[\p{L}\p{N}]+/gu)?.slice(0, 400) ?? [])
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(words.length - 1), fc.integer({ min: 3, max: 12 })), { minLength: 1, maxLength: 3 }),
        async (picked) => {
          const text = picked.map(([at, length]) => words[at]?.slice(0, length)).join(' ')
          const expected = Object.keys(texts).filter((title) => matches(text, title, texts[title] ?? ''))
          const found = await everyId(app, text, 37)
          // Of more matches than are ranked, the newest are enough.
          if (expected.length <= 200) expect(found.sort()).toEqual(expected.sort())
          else expect(expected).toEqual(expect.arrayContaining(found))
        },
      ),
      { numRuns: isLong ? 8 : 3 },
    )
  })

  it('finds more than it ranks, page by page, each once', async () => {
    const expected = Object.keys(texts).filter((title) => matches('install', title, texts[title] ?? ''))
    expect(expected.length).toBeGreaterThan(200)
    const found = await everyId(app, 'install', 50)
    expect(new Set(found).size).toBe(found.length)
    expect(found.sort()).toEqual(expected.sort())
  })
})

describe('while entries change', () => {
  it('knows every way of writing at once', async () => {
    await using app = await withNotes({ a: 'apple', b: 'banana' })
    const { entry, collection } = app.schema
    expect(await everyId(app, 'apple')).toEqual(['a'])
    await app.db.update(entry).set({ content: 'cherry' }).where(eq(entry.id, 'a'))
    expect(await everyId(app, 'apple')).toEqual([])
    expect(await everyId(app, 'cherry')).toEqual(['a'])
    await app.pgClient.exec(`update entry set title = 'apple' where id = 'b'; update entry set id = 'z' where id = 'a'`)
    expect(await everyId(app, 'apple')).toEqual(['b'])
    expect(await everyId(app, 'cherry')).toEqual(['z'])
    await app.db
      .insert(entry)
      .values({ id: 'b', title: 'damson', collectionId: 'c' })
      .onConflictDoUpdate({ target: entry.id, set: { title: 'elder', content: null } })
    expect(await everyId(app, 'elder')).toEqual(['b'])
    expect(await everyId(app, 'banana')).toEqual([])
    await app.db.delete(collection).where(eq(collection.id, 'c'))
    expect(await everyId(app, 'elder')).toEqual([])
    const left = await app.pgClient.query('select from entry_search union all select from entry_search_pending')
    expect(left.rows).toEqual([])
  })

  it('leaves out the trash, other collections and other users', async () => {
    await using app = await createTestAppDatabase()
    const { entry, collection } = app.schema
    await app.db.insert(collection).values([
      { id: 'c', name: 'C' },
      { id: 'd', name: 'D' },
    ])
    const title = 'apple'
    await app.db.insert(entry).values([
      { id: 'plain', title, collectionId: 'c' },
      { id: 'trash', title, collectionId: 'c', deletedAt: new Date() },
      { id: 'other', title, collectionId: 'd', userId: 'u' },
    ])
    const ids = async (options: Parameters<AppDatabase['search']>[1]) =>
      (await app.search('app', options)).results.map(({ id }) => id).sort()
    expect(await ids({})).toEqual(['other', 'plain'])
    expect(await ids({ includeDeleted: true })).toEqual(['other', 'plain', 'trash'])
    expect(await ids({ collectionId: 'c' })).toEqual(['plain'])
    expect(await ids({ userId: 'u' })).toEqual(['other'])
    expect(await ids({ userId: null })).toEqual(['plain'])
  })

  it('says when it left pending entries out', async () => {
    await using app = await withNotes({ a: 'apple' })
    expect(await app.search('apple', { skipPending: true })).toEqual({ results: [], hasMore: false, isComplete: false })
    expect(await app.search('apple')).toMatchObject({ results: [{ id: 'a' }], isComplete: true })
    expect(await app.search('apple', { skipPending: true })).toMatchObject({ results: [{ id: 'a' }], isComplete: true })
  })

  it('gives the times that reading an entry gives, of every year', async () => {
    await using app = await withNotes({ a: 'apple' })
    const { entry } = app.schema
    for (const time of ['0050-06-01 12:00:00.123456+00', '0044-03-15+00 BC', '1969-12-31 23:59:59.999999+00']) {
      const at = sql`${time}::timestamptz`
      await app.db.update(entry).set({ createdAt: at, updatedAt: at, deletedAt: at })
      const { createdAt, updatedAt, deletedAt } = (await app.entries.get('a', { deleted: 'include' })) ?? {}
      const { results } = await app.search('apple', { includeDeleted: true })
      expect(results).toMatchObject([{ createdAt, updatedAt, deletedAt }])
    }
    await app.db.update(entry).set({ createdAt: sql`'infinity'` })
    await expect(app.search('apple', { includeDeleted: true })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('indexes by itself when nothing has changed for a while', { tags: 'long' }, async () => {
    await using app = await withNotes({ a: 'apple', b: 'banana' })
    await vi.waitFor(
      async () => expect(await app.search('apple', { skipPending: true })).toMatchObject({ results: [{ id: 'a' }] }),
      { timeout: 20_000, interval: 50 },
    )
  })

  it('is not taken back by a batch that was read before a change and is written after it was indexed', async () => {
    await using app = await withNotes({ a: 'apple' })
    const batches: (() => void)[] = []
    const connection = createPGliteConnection(app.pgClient, {})
    const late: SqlExecutor = {
      ...connection,
      query: (text, params) => new Promise((resolve) => batches.push(() => resolve(connection.query(text, params)))),
    }
    const indexing = indexPending(late)
    await vi.waitUntil(() => batches.length > 0)
    await app.db.update(app.schema.entry).set({ content: 'banana' })
    expect((await app.search('banana')).results).toHaveLength(1)
    for (const write of batches) write()
    await indexing
    expect((await app.search('banana')).results).toHaveLength(1)
    expect((await app.search('apple')).results).toHaveLength(0)
  })

  it('indexes what is too long for Postgres up to a limit', { tags: 'long' }, async () => {
    const syllables = Array.from({ length: 90_000 }, (_, at) => String.fromCodePoint(0xac00 + ((at * 7919) % 11_172)))
    await using app = await withNotes({ long: syllables.join(''), words: 'Ä note. '.repeat(2_330_169) })
    expect(await everyId(app, syllables.slice(100, 104).join(''))).toEqual(['long'])
    expect(await everyId(app, 'a not')).toEqual(['words'])
  })
})
