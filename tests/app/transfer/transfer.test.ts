/** `app.transfer`: what goes out comes back in as it was, and what is wrong goes nowhere. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { count, eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AppDatabase } from '../../../src/app/create-app-database.ts'
import { appSchema } from '../../../src/schema/app.ts'
import { linesOf } from '../../../src/app/transfer/byte-streams.ts'
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

  it('bring back each row from an encrypted export, which takes the same room each time', async () => {
    await empty(source)
    await empty(target)
    await fill(source, { collections: fc.sample(rows, { numRuns: 1, seed: 7 })[0]?.collections ?? [], entries: [] })
    const sealed = await blobOf(source, { passphrase })
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
  const textOf = (...lines: unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  const zippedText = (text: string) => new Blob([gzipSync(text)])
  const zipped = (...lines: unknown[]) => zippedText(textOf(...lines))

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
    ['a version 0', 'EXPORT_INVALID', zipped({ ...head, version: 0 }, row, note, end)],
    ['a version -1', 'EXPORT_INVALID', zipped({ ...head, version: -1 }, row, note, end)],
    ['a version 1.5', 'EXPORT_INVALID', zipped({ ...head, version: 1.5 }, row, note, end)],
    ['a version that is endless', 'EXPORT_INVALID', zippedText('{"typyst":"export","version":1e999}\n')],
    ['a head with more in it', 'EXPORT_NEWER', zipped({ ...head, mood: 1 }, row, note, end)],
    ['an end with more in it', 'EXPORT_INVALID', zipped(head, row, note, { end: { ...end.end, tag: 0 } })],
    ['a line of two kinds', 'EXPORT_INVALID', zipped(head, { ...row, ...note }, end)],
    [
      'a column twice',
      'EXPORT_INVALID',
      zippedText(textOf(head, row, note, end).replace('"id":"n"', '"id":"m","id":"n"')),
    ],
    ['an entry twice', 'EXPORT_INVALID', zipped(head, row, note, note, { end: { ...end.end, entry: 2 } })],
    ['a collection twice', 'EXPORT_INVALID', zipped(head, row, row, note, { end: { ...end.end, collection: 2 } })],
    ['an entry before its collection', 'EXPORT_INVALID', zipped(head, note, row, end)],
    ['the end before the rows', 'EXPORT_INVALID', zipped(head, end, row, note)],
    [
      'a key of prototypes',
      'EXPORT_INVALID',
      zippedText(textOf(head, row, note, end).replace('"id":"n"', '"id":"n","__proto__":{}')),
    ],
    ['an empty line', 'EXPORT_INVALID', zippedText(textOf(head, row, note, end).replace('\n', '\n\n'))],
    ['a cut-off file', 'EXPORT_INVALID', new Blob([gzipSync(textOf(head, row, note, end)).subarray(0, -9)])],
    ['more than one file', 'EXPORT_INVALID', new Blob([gzipSync(textOf(head, row, note, end)), 'more'])],
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

  it.each([
    ['id', ''],
    ['id', 'x'.repeat(256)],
    ['id', 'x'.repeat(100_000)],
    ['collection_id', ''],
    ['user_id', 'x'.repeat(256)],
    ['title', 'x'.repeat(1001)],
    ['title', true],
    ['title', { toString: 1 }],
    ['content', 'a\ud800b'],
    ['content', ['a']],
    ['created_at', 'infinity'],
    ['created_at', '-infinity'],
    ['created_at', '2026-02-31T00:00:00Z'],
    ['created_at', '2025-02-29T00:00:00+00:00'],
    ['created_at', '2026-01-01T25:00:00Z'],
    ['created_at', '2026-01-01T00:61:00Z'],
    ['created_at', '2026-01-01T00:00:00+19:00'],
    ['created_at', '0000-01-01T00:00:00Z'],
    ['created_at', '0044-03-15T00:00:00+00:00 BC'],
    ['created_at', '294275-01-01T00:00:00+00:00'],
    ['created_at', '10000-01-01T00:00:00+00:00'],
    ['created_at', '0001-01-01T00:00:00+01:00'],
    ['created_at', '9999-12-31T23:59:59-01:00'],
    ['updated_at', 1767225600000],
    ['deleted_at', ''],
  ])('of an entry whose "%s" is %j fails, as an export and as entries', async (column, value) => {
    const before = await everything(app)
    const blob = zipped(head, row, { entry: { ...note.entry, [column]: value } }, end)
    const failure: unknown = await app.transfer.importData(blob).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'EXPORT_INVALID', message: expect.stringContaining(column) as unknown })
    const field = column.replace(/_(.)/, (_, letter: string) => letter.toUpperCase())
    const bad = { id: 'n', title: 'N', collectionId: 'c', [field]: value }
    await expect(app.transfer.importEntries([bad])).rejects.toMatchObject({ code: 'EXPORT_INVALID' })
    expect(await everything(app)).toEqual(before)
  })

  it.each([new Date(NaN), new Date(8.64e15), new Date(-8.64e15), Infinity])(
    'of an entry made at %s fails',
    async (at) => {
      const bad = { id: 'n', title: 'N', collectionId: 'c', createdAt: at as Date }
      await expect(app.transfer.importEntries([bad])).rejects.toMatchObject({ code: 'EXPORT_INVALID' })
      for (const nothing of [null, 5, 'x', undefined]) {
        const noEntry = nothing as unknown as NewEntry // What JavaScript lets a caller pass.
        await expect(app.transfer.importEntries([noEntry])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      }
    },
  )

  it('of any two changes to an export is refused with a code, or leaves rows that can be exported again', async () => {
    const strange = fc.oneof(
      fc.constantFrom('', '\0', '\ud800', 'infinity', '2026-02-31T00:00:00Z', 'x'.repeat(300), '{}', 'null'),
      fc.constantFrom(null, 0, -1, 1.5, true, [], {}, undefined),
      fc.string({ unit: 'binary' }),
    )
    const kinds = fc.constantFrom('collection', 'entry', 'end', 'typyst', '__proto__', 'toJSON')
    const columns = fc.constantFrom('id', 'title', 'name', 'collection_id', 'user_id', 'created_at', '__proto__', 'x')
    const change = fc.record({
      at: fc.nat(3),
      kind: kinds,
      column: fc.option(columns, { nil: undefined }),
      value: strange,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
        await app.db.delete(collection)
        const lines: Record<string, unknown>[] = [
          { ...head },
          structuredClone(row),
          structuredClone(note),
          structuredClone(end),
        ]
        for (const { at, kind, column, value } of changes) {
          const line = lines[at] ?? {}
          // Not that of all objects, which `__proto__` would give.
          const body = Object.hasOwn(line, kind) ? line[kind] : undefined
          const target = column !== undefined && typeof body === 'object' && body !== null ? body : line
          Object.defineProperty(target, target === line ? kind : (column ?? kind), {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          })
        }
        const failure: unknown = await app.transfer.importData(zipped(...lines)).catch((error: unknown) => error)
        if (failure instanceof Error) {
          expect(failure).toMatchObject({ code: expect.stringMatching(/^EXPORT_/) as unknown })
          expect(await everything(app)).toEqual([])
        } else {
          const again = await blobOf(app)
          expect(await app.transfer.importData(again, { conflict: 'replace' })).toMatchObject({ inserted: 0 })
        }
      }),
      { numRuns: 150, endOnFailure: true },
    )
  })

  it('of lines without an end needs no more memory than a row can', async () => {
    async function* endless() {
      for (let at = 0; at < 300; at += 1) yield 'x'.repeat(1_000_000)
      await Promise.resolve()
    }
    const read = async () => {
      for await (const line of linesOf(endless(), 5_000_000)) expect(line).toBe('')
    }
    await expect(read()).rejects.toMatchObject({ code: 'EXPORT_INVALID' })
    // A row whose characters all take six in JSON.
    const content = '\u0001'.repeat(200_000)
    await app.db.insert(entry).values({ id: 'n', title: 'N', content, collectionId: 'c' })
    const blob = await blobOf(app)
    expect(await app.transfer.importData(blob, { conflict: 'replace' })).toMatchObject({ updated: 2 })
  })

  it('takes lines that end in another way', async () => {
    const text = textOf(head, row, note, end)
    for (const written of [text.trimEnd(), text.replaceAll('\n', '\r\n'), `\ufeff${text}`]) {
      await app.db.delete(collection)
      expect(await app.transfer.importData(zippedText(written))).toMatchObject({ inserted: 2 })
    }
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
