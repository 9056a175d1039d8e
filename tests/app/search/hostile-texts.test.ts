/** Texts that are made to break the search: each is indexed or left out alone, and everything else is found. */
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AppDatabase } from '../../../src/app/create-app-database.ts'
import { toDocument } from '../../../src/app/search/document.ts'
import { highlight } from '../../../src/app/search/highlight.ts'
import { parseQuery } from '../../../src/app/search/query.ts'
import { useAppDatabase } from '../data/open-app.ts'

const theApp = useAppDatabase()
let app: AppDatabase
beforeEach(async () => {
  app = theApp()
  await app.db.insert(app.schema.collection).values({ id: 'c', name: 'C' })
})

const marks = '\u0301\u0323\u05b0\u0e38\u3099'
const letters = (count: number, at: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => at(index)).join('')

const hostile: Readonly<Record<string, string>> = {
  'marks on a letter': `a${'\u0301'.repeat(65_000)}`,
  'marks out of order': `a${'\u0301\u0323'.repeat(32_000)}`,
  'marks on a character of a run': `東${'\u3099'.repeat(5_000)}京`,
  'marks of half width': `ｶ${'ﾞ'.repeat(65_000)}`,
  'marks on many characters': letters(900, (at) => String.fromCodePoint(0x4e00 + at) + marks.repeat(12)),
  'marks without a letter': marks.repeat(13_000),
  'a word of a megabyte': 'x'.repeat(1_000_000),
  'a run of a megabyte': '東'.repeat(1_000_000),
  'a hundred thousand words': letters(100_000, (at) => `${at.toString(36)} `),
  'as many different pairs': letters(65_000, (at) => String.fromCodePoint(0x4e00 + ((at * 7919) % 20_000))),
  'characters outside of the first plane': letters(30_000, (at) => String.fromCodePoint(0x20000 + at)),
  joiners: 'x\u200dy\u200c'.repeat(20_000),
  'the other direction': `\u202e${'שלום '.repeat(10_000)}\u202c`,
  'letters that unfold': '\ufdfa'.repeat(20_000) + '㌖'.repeat(20_000) + '㈀🈀'.repeat(5_000),
  'quotes and operators': `'\\':*|&!()<->'#!`.repeat(5_000),
  emoji: '👩‍👩‍👧‍👦'.repeat(8_000),
  controls: letters(32, (at) => (at === 0 ? '' : String.fromCharCode(at))).repeat(1_000),
  'private characters and what is none': '\ue000\ufffe\uffff\u{10ffff}'.repeat(10_000),
}

it('leaves nothing else unfound', async () => {
  const rows = Object.entries(hostile).flatMap(([name, content], at) => [
    { id: `bad-${at}`, title: name, content, collectionId: 'c' },
    { id: `title-${at}`, title: content.slice(0, 5_000), content: name, collectionId: 'c' },
    { id: `good-${at}`, title: `harmless ${at}`, content: 'needle 針千本', collectionId: 'c' },
  ])
  await app.db.insert(app.schema.entry).values(rows)
  expect(await app.search('needle', { limit: 200 })).toMatchObject({
    results: { length: rows.length / 3 },
    isComplete: true,
  })
  expect((await app.search('針千本', { limit: 200 })).results).toHaveLength(rows.length / 3)
  for (const [at, name] of Object.keys(hostile).entries()) {
    const { results } = await app.search(name, { limit: 200 })
    expect(results.map(({ id }) => id)).toContain(`bad-${at}`)
  }
})

it('finds a run beside more marks than Postgres could sort in minutes', async () => {
  const content = `針千本${'\u0301\u0323'.repeat(30_000)}`
  await app.db.insert(app.schema.entry).values({ id: 'flood', title: 'x', content, collectionId: 'c' })
  expect((await app.search('針千本')).results.map(({ id }) => id)).toEqual(['flood'])
})

it.each(Object.entries(hostile))('a search for %s has an answer', async (_name, text) => {
  for (const searched of [text, text.slice(0, 300), `needle ${text.slice(0, 40)}`]) {
    expect(await app.search(searched)).toMatchObject({ hasMore: false })
  }
})

it('leaves out the one entry that Postgres will not index', async () => {
  await app.pgClient.exec(`
    create function refuse() returns trigger language plpgsql as $$ begin
      if new.entry_id = 'n7' and new.document <> '' then
        raise exception 'too much' using errcode = 'program_limit_exceeded';
      end if;
      return new;
    end $$;
    create trigger refuse before insert or update on entry_search for each row execute function refuse()`)
  const rows = Array.from({ length: 20 }, (_, at) => ({ id: `n${at}`, title: 'needle', collectionId: 'c' }))
  await app.db.insert(app.schema.entry).values(rows)
  const found = (await app.search('needle', { limit: 200 })).results.map(({ id }) => id)
  await app.pgClient.exec('drop function refuse() cascade')
  expect(found.sort()).toEqual(
    rows
      .map(({ id }) => id)
      .filter((id) => id !== 'n7')
      .sort(),
  )
  expect((await app.search('needle', { limit: 200 })).isComplete).toBe(true)
  await app.entries.count()
})

describe('any text', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      ...Array.from(`aé東ガﾞ가กา'\\:*!#\u200d\u0301\u0323👍🏽𠀀ßΣς½`),
      '\u0301'.repeat(40),
      '東\u3099'.repeat(3),
    ),
  )
  const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join('').replaceAll('\0', ''))

  it('can be indexed, searched for and marked', async () => {
    const cast = (value: string, type: string) => app.pgClient.query(`select $1::text::${type}`, [value])
    await fc.assert(
      fc.asyncProperty(text, text, async (title, content) => {
        await cast(toDocument(1, title, content), 'tsvector')
        const query = parseQuery(content)
        if (query) {
          await cast(query.words.replaceAll('#', '000001'), 'tsquery')
          await cast(query.titleWords.replaceAll('#', '000001'), 'tsquery')
          expect(
            highlight(title, query.marks)
              .map((each) => each.text)
              .join(''),
          ).toBe(
            highlight(title, { words: [], runs: [] })
              .map((each) => each.text)
              .join(''),
          )
        }
      }),
      { numRuns: 150 },
    )
  })
})
