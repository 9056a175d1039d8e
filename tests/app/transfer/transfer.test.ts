/** `app.transfer`: what goes out comes back in as it was, and what is wrong goes nowhere. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { count, eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AppDatabase } from '../../../src/app/create-app-database.ts'
import { appSchema } from '../../../src/schema/app.ts'
import type { MarkdownFile } from '../../../src/app/transfer/export-markdown.ts'
import type { NewEntry } from '../../../src/schema/app.ts'
import { createTestAppDatabase } from '../../../src/testing/index.ts'
import { useAppDatabase } from '../data/open-app.ts'

const { collection, collectionSettings, entry } = appSchema
const passphrase = 'correct horse battery staple'

/** Text that Postgres can hold: no NUL and whole characters. */
const text = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...Array.from(`-:"'\\\r\n #[]{}|/.~\u2028\u0085\ufeffaé한👍`)), maxLength: 40 }),
    fc.constantFrom(
      '---',
      '\ufeffx',
      '---\nid: "x"\n---\n',
      'null',
      '~',
      '',
      'CON',
      '_collection',
      '..',
      '\r\n',
      '---\ntypyst: entry\n---',
    ),
  )
  .map((value) => value.replaceAll('\0', ''))
const instant = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

const rows = fc.record({
  collections: fc.uniqueArray(
    fc.record({
      id: fc.uuid(),
      name: text,
      description: maybe(text),
      color: maybe(text),
      userId: maybe(text),
      createdAt: instant,
      updatedAt: instant,
      deletedAt: maybe(instant),
      settings: maybe(fc.record({ id: fc.uuid(), sortBy: maybe(text), viewMode: maybe(text), createdAt: instant })),
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 4 },
  ),
  entries: fc.uniqueArray(
    fc.record({
      id: fc.oneof(
        fc.uuid(),
        text.filter((id) => id !== ''),
      ),
      title: text,
      content: maybe(text),
      userId: maybe(text),
      createdAt: instant,
      updatedAt: instant,
      deletedAt: maybe(instant),
      at: fc.nat(),
    }),
    { selector: ({ id }) => id, maxLength: 8 },
  ),
})

async function fill(app: AppDatabase, { collections, entries }: typeof rows extends fc.Arbitrary<infer T> ? T : never) {
  for (const { settings, ...values } of collections) {
    await app.db.insert(collection).values(values)
    if (settings) await app.db.insert(collectionSettings).values({ ...settings, collectionId: values.id })
  }
  for (const { at, ...values } of entries) {
    const collectionId = collections[at % collections.length]?.id ?? ''
    await app.db.insert(entry).values({ ...values, collectionId })
  }
}

/** Every row as Postgres writes it, which loses nothing. */
async function everything(app: AppDatabase): Promise<unknown> {
  const { rows: all } = await app.pgClient.query(`
    select 'c', row_to_json(t)::text from (select * from collection order by id) t union all
    select 's', row_to_json(t)::text from (select * from collection_settings order by id) t union all
    select 'e', row_to_json(t)::text from (select * from entry order by id) t`)
  return all
}

const empty = (app: AppDatabase) => app.pgClient.exec('truncate collection cascade')
const blobOf = async (app: AppDatabase, options?: { passphrase: string }) =>
  new Response(await app.transfer.exportData(options)).blob()

describe('round trips', () => {
  let source: AppDatabase
  let target: AppDatabase
  beforeAll(async () => {
    source = await createTestAppDatabase()
    target = await createTestAppDatabase()
  })
  afterAll(() => Promise.all([source.close(), target.close()]))

  it('bring back each row from an export', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (values) => {
        await empty(source)
        await empty(target)
        await fill(source, values)
        await target.transfer.importData(await blobOf(source))
        expect(await everything(target)).toEqual(await everything(source))
      }),
      { numRuns: 8, endOnFailure: true },
    )
  })

  it('bring back each row from Markdown files in any order', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), async (values, orders) => {
        await empty(source)
        await empty(target)
        await fill(source, values)
        const files: { file: MarkdownFile; order: number }[] = []
        for await (const file of source.transfer.exportMarkdown()) {
          files.push({ file, order: orders[files.length] ?? 0 })
        }
        const names = files.map(({ file }) => file.path.normalize('NFC').toLowerCase())
        expect(new Set(names).size).toBe(names.length)
        files.sort((left, right) => left.order - right.order)
        await target.transfer.importMarkdown(files.map(({ file }) => file))
        expect(await everything(target)).toEqual(await everything(source))
      }),
      { numRuns: 10, endOnFailure: true },
    )
  })

  it('seal every byte of an encrypted export', async () => {
    await empty(source)
    await fill(source, { collections: fc.sample(rows, { numRuns: 1, seed: 7 })[0]?.collections ?? [], entries: [] })
    const [first] = await source.db.select().from(collection)
    // More than one piece of 64 KB, as random letters do not compress.
    const content = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString('base64')
    const ids = ['a', 'b', 'c', 'd']
    await source.db
      .insert(entry)
      .values(ids.map((id) => ({ id, title: id, content: id + content, collectionId: first?.id ?? '' })))
    const sealed = await blobOf(source, { passphrase })
    const bytes = new Uint8Array(await sealed.arrayBuffer())
    expect(bytes.length).toBeGreaterThan(140_000)
    const fails = async (changed: Uint8Array<ArrayBuffer>, code: string) => {
      await empty(target)
      await expect(target.transfer.importData(new Blob([changed]), { passphrase })).rejects.toMatchObject({ code })
      expect(await everything(target)).toEqual([])
    }
    const flipped = (at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
    const piece = 64 * 1024 + 16
    const head = 8 + 4 + 16 + 7
    await fails(flipped(20), 'PASSPHRASE_WRONG')
    await fails(flipped(head + 5), 'PASSPHRASE_WRONG')
    await fails(flipped(head + piece + 5), 'EXPORT_INVALID')
    await fails(flipped(bytes.length - 1), 'EXPORT_INVALID')
    await fails(bytes.slice(0, head + piece), 'PASSPHRASE_WRONG')
    await fails(bytes.slice(0, head + piece * 2), 'EXPORT_INVALID')
    await fails(bytes.slice(0, 20), 'EXPORT_INVALID')
    const swapped = bytes.slice()
    swapped.set(bytes.subarray(head + piece, head + piece * 2), head)
    swapped.set(bytes.subarray(head, head + piece), head + piece)
    await fails(swapped, 'PASSPHRASE_WRONG')
    for (const wrong of ['wrong', undefined]) {
      await expect(target.transfer.importData(sealed, { passphrase: wrong })).rejects.toMatchObject({
        code: 'PASSPHRASE_WRONG',
      })
    }
    await target.transfer.importData(sealed, { passphrase })
    expect(await everything(target)).toEqual(await everything(source))
    expect((await blobOf(source, { passphrase })).size).toBe(sealed.size)
  })
})

describe('an import', () => {
  const theApp = useAppDatabase()
  let app: AppDatabase
  beforeEach(async () => {
    app = theApp()
    await app.db.insert(collection).values({ id: 'c', name: 'C' })
  })

  const head = { typyst: 'export', version: 1 }
  const instants = { created_at: '2026-01-01T00:00:00+00:00', updated_at: '2026-01-01T00:00:00+00:00' }
  const row = { collection: { id: 'x', name: 'X', ...instants } }
  const note = { entry: { id: 'n', title: 'N', collection_id: 'x', ...instants } }
  const end = { end: { collection: 1, settings: 0, entry: 1 } }
  const zipped = (...lines: unknown[]) =>
    new Blob([gzipSync(lines.map((line) => JSON.stringify(line) + '\n').join(''))])

  it.each([
    ['nothing', 'EXPORT_INVALID', new Blob([])],
    ['something else', 'EXPORT_INVALID', new Blob(['{"a":1}'])],
    ['bytes that are no text', 'EXPORT_INVALID', new Blob([gzipSync(Buffer.from([0xff, 0xfe, 10]))])],
    ['another kind of lines', 'EXPORT_INVALID', zipped({ typyst: 'backup' })],
    ['no end', 'EXPORT_INVALID', zipped(head, row, note)],
    ['fewer rows than it says', 'EXPORT_INVALID', zipped(head, row, end)],
    ['something after the end', 'EXPORT_INVALID', zipped(head, row, note, end, note)],
    ['an entry of a missing collection', 'EXPORT_INVALID', zipped(head, note, end)],
    ['an entry without a title', 'EXPORT_INVALID', zipped(head, row, { entry: { ...note.entry, title: null } }, end)],
    ['a number for a title', 'EXPORT_INVALID', zipped(head, row, { entry: { ...note.entry, title: 1 } }, end)],
    ['a time that is none', 'EXPORT_INVALID', zipped(head, row, { entry: { ...note.entry, created_at: 'now' } }, end)],
    [
      'a day that is none',
      'INVALID_INPUT',
      zipped(head, row, { entry: { ...note.entry, created_at: '2026-02-31T00:00:00Z' } }, end),
    ],
    ['a NUL character', 'EXPORT_INVALID', zipped(head, row, { entry: { ...note.entry, content: 'a\0b' } }, end)],
    ['a kind of row that is not known', 'EXPORT_INVALID', zipped(head, row, { tag: {} }, end)],
    ['a column that is not known', 'EXPORT_NEWER', zipped(head, row, { entry: { ...note.entry, mood: 'x' } }, end)],
    ['a newer version', 'EXPORT_NEWER', zipped({ ...head, version: 2 })],
  ])('of %s fails before anything is written', async (_what, code, blob) => {
    const before = await everything(app)
    const failure: unknown = await app.transfer
      .importData(blob, { conflict: 'replace' })
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code })
    expect(await everything(app)).toEqual(before)
  })

  it('takes what an older release left out', async () => {
    const bare = { entry: { id: 'n', title: 'N', collection_id: 'x' } }
    expect(await app.transfer.importData(zipped(head, row, bare, end))).toEqual({
      read: 2,
      inserted: 2,
      updated: 0,
      skipped: 0,
    })
    expect(await app.db.select().from(entry)).toMatchObject([{ id: 'n', content: null }])
  })

  it('writes an export whose format is what older and newer releases read', async () => {
    await app.db.insert(entry).values({ id: 'n', title: 'N', collectionId: 'c' })
    const lines = gunzipSync(new Uint8Array(await (await blobOf(app)).arrayBuffer()))
      .toString()
      .trim()
      .split('\n')
    const kinds = lines.map((line) => Object.keys(JSON.parse(line) as object)[0])
    expect(kinds).toEqual(['typyst', 'collection', 'entry', 'end'])
    expect(JSON.parse(lines[0] ?? '')).toEqual(head)
  })

  const entries = (...values: Partial<NewEntry>[]): NewEntry[] =>
    values.map((each, at) => ({ id: `e${at}`, title: 'new', collectionId: 'c', ...each }))
  const old = new Date(2020, 0)
  const titles = async () => (await app.db.select().from(entry).orderBy(entry.id)).map(({ title }) => title)

  it.each([
    ['skip', { inserted: 1, updated: 0, skipped: 2 }, ['old', 'old', 'new']],
    ['replace', { inserted: 1, updated: 2, skipped: 0 }, ['new', 'new', 'new']],
    ['newer', { inserted: 1, updated: 1, skipped: 1 }, ['new', 'old', 'new']],
  ] as const)('settles a conflict by "%s"', async (conflict, counts, expected) => {
    await app.db
      .insert(entry)
      .values(entries({ title: 'old', updatedAt: old }, { title: 'old', updatedAt: new Date() }))
    const source = entries({ updatedAt: new Date(2021, 0) }, { updatedAt: old }, {})
    expect(await app.transfer.importEntries(source, { conflict })).toEqual({ read: 3, ...counts })
    expect(await titles()).toEqual(expected)
  })

  it('lets the later of two entries of one key meet the earlier one', async () => {
    const source = [...entries({ title: 'first' }), ...entries({ title: 'second' })]
    expect(await app.transfer.importEntries(source, { conflict: 'replace' })).toEqual({
      read: 2,
      inserted: 1,
      updated: 1,
      skipped: 0,
    })
    expect(await titles()).toEqual(['second'])
  })

  it('reads its source no further ahead than a batch, and tells how far it is', async () => {
    let pulled = 0
    const ahead: number[] = []
    async function* source() {
      for (; pulled < 2500; pulled += 1) yield* entries({ id: `s${String(pulled)}` })
      await Promise.resolve()
    }
    const onProgress = ({ read }: { read: number }) => ahead.push(pulled - read)
    await app.transfer.importEntries(source(), { batchRows: 100, onProgress })
    expect(ahead).toHaveLength(25)
    expect(Math.max(...ahead)).toBeLessThanOrEqual(1)
    expect(await app.db.select({ n: count() }).from(entry)).toEqual([{ n: 2500 }])
  })

  it.each([
    [true, 0],
    [false, 200],
  ])('that fails half-way with allOrNothing %s leaves the batches before it or nothing', async (allOrNothing, left) => {
    const source = Array.from({ length: 300 }, (_, at) => ({
      id: `s${at}`,
      title: 't',
      collectionId: at < 250 ? 'c' : 'missing',
    }))
    const importing = app.transfer.importEntries(source, { allOrNothing, batchRows: 100 })
    await expect(importing).rejects.toMatchObject({ code: 'FOREIGN_KEY_VIOLATION' })
    expect(await app.db.select({ n: count() }).from(entry)).toEqual([{ n: left }])
  })

  it('ends when it is told to, with the reason it was given', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const source = Array.from({ length: 300 }, (_, at) => ({ id: `s${at}`, title: 't', collectionId: 'c' }))
    const onProgress = () => stop.abort(reason)
    const importing = app.transfer.importEntries(source, { batchRows: 100, signal: stop.signal, onProgress })
    await expect(importing).rejects.toBe(reason)
    expect(await app.db.select({ n: count() }).from(entry)).toEqual([{ n: 100 }])
  })

  it('refuses a batch that cannot be', async () => {
    await expect(app.transfer.importEntries([], { batchRows: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })

  it('takes Markdown files of others whole', async () => {
    const files = [
      { path: 'Recipes/Soup.md', text: '---\ntitle: Tomato soup\ntags: [a, b]\n---\n# Soup\r\n' },
      { path: 'Recipes/Bread.md', text: '---\nid: bread\ntitle: "Rye \\"bread\\""\nmood: good\n---\nbody' },
      { path: 'C/x.md', text: '' },
      { path: 'README.md', text: '---\nnot closed' },
    ]
    expect(await app.transfer.importMarkdown(files)).toMatchObject({ inserted: 4 })
    const found = await app.db.query.entry.findMany({ with: { collection: true }, orderBy: entry.id })
    expect(found.map(({ title, content, collection }) => [collection.name, title, content])).toEqual([
      ['Recipes', 'Soup', files[0]?.text],
      ['Recipes', 'Rye "bread"', files[1]?.text],
      ['C', 'x', ''],
      ['Notes', 'README', files[3]?.text],
    ])
    expect(await app.db.select({ n: count() }).from(collection).where(eq(collection.name, 'C'))).toEqual([{ n: 1 }])
  })

  it('keeps the fields that somebody added to a file of ours', async () => {
    await app.db.insert(entry).values({ id: 'n', title: 'N', content: 'text', collectionId: 'c' })
    const files = []
    for await (const file of app.transfer.exportMarkdown()) {
      files.push({ ...file, text: file.text.replace('title: "N"', 'title: Changed\nmood: good') })
    }
    await app.transfer.importMarkdown(files, { conflict: 'replace' })
    expect(await app.db.select().from(entry)).toMatchObject([
      { id: 'n', title: 'Changed', content: '---\nmood: "good"\n---\ntext' },
    ])
  })
})
