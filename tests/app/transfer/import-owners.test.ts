/** Imports and owners: a row that is there stays its owner's, and what is new follows its collection. */
import { gzipSync } from 'node:zlib'
import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AppDatabase } from '../../../src/app/create-app-database.ts'
import type { ConflictPolicy } from '../../../src/app/transfer/insert-rows.ts'
import { useAppDatabase } from '../data/open-app.ts'

const theApp = useAppDatabase()
let app: AppDatabase
beforeEach(() => {
  app = theApp()
})

const policies = ['skip', 'replace', 'newer'] as const satisfies ConflictPolicy[]

/** Ways to bring the same rows in. */
const ways = ['importData', 'importMarkdown', 'importEntries'] as const
type Way = (typeof ways)[number]
type Backup = (app: AppDatabase, conflict: ConflictPolicy) => Promise<unknown>

async function backUp(from: AppDatabase, way: Way): Promise<Backup> {
  if (way === 'importMarkdown') {
    const files: { path: string; text: string }[] = []
    for await (const file of from.transfer.exportMarkdown()) files.push(file)
    return (app, conflict) => app.transfer.importMarkdown(files, { conflict, allOrNothing: true })
  }
  if (way === 'importEntries') {
    const rows = await from.db.select().from(from.schema.entry)
    return (app, conflict) => app.transfer.importEntries(rows, { conflict, allOrNothing: true })
  }
  return backUpData(from, {})
}

async function backUpData(from: AppDatabase, options: { readonly passphrase?: string }): Promise<Backup> {
  const blob = await new Response(await from.transfer.exportData(options)).blob()
  return (app, conflict) => app.transfer.importData(blob, { conflict, ...options })
}

/** A collection with settings, an entry and one in the trash, as one user or nobody writes them. */
async function fill(userId: string | null) {
  const { collections, entries, settings } = app.forUser(userId)
  const { id: collectionId } = await collections.create({ name: 'Home' })
  await settings.upsert(collectionId, { viewMode: 'grid' })
  const { id: note } = await entries.create({ title: 'Note', content: 'old', collectionId })
  const { id: trashed } = await entries.create({ title: 'Trashed', collectionId })
  await entries.trash(trashed)
  return { collectionId, note, trashed }
}

/** Each row, whole, by its table and key. */
async function everything() {
  const { rows } = await app.pgClient.query<{ key: string; owner: string | null; row: string }>(`
    select 'c ' || id as key, user_id as owner, row_to_json(t)::text as row from collection t union all
    select 's ' || collection_id, user_id, row_to_json(t)::text from collection_settings t union all
    select 'e ' || id, user_id, row_to_json(t)::text from entry t order by 1`)
  return rows
}
const owners = async () => new Set((await everything()).map(({ owner }) => owner))

describe.each(ways)('%s', (way) => {
  it.each(policies)('of a backup from before sign-in leaves the owner with "%s"', async (conflict) => {
    await fill(null)
    const restore = await backUp(app, way)
    await app.claim({ to: 'ann' })
    await app.db.update(app.schema.entry).set({ content: 'newer', updatedAt: new Date(2020, 0) })
    await restore(app, conflict)
    expect(await owners()).toEqual(new Set(['ann']))
    await app.claim({ to: 'bob' })
    expect(await owners()).toEqual(new Set(['ann']))
    const [note] = await app.db.select().from(app.schema.entry)
    expect(note?.content).toBe(conflict === 'skip' ? 'newer' : note?.title === 'Note' ? 'old' : null)
  })

  it('of a backup from before sign-in gives back what was deleted since to the owner of its collection', async () => {
    const { note, trashed } = await fill(null)
    const restore = await backUp(app, way)
    await app.claim({ to: 'ann' })
    const before = await everything()
    await app.db.delete(app.schema.entry)
    await restore(app, 'skip')
    expect(await everything()).toEqual(before)
    expect([note, trashed].every((id) => before.some(({ key }) => key === `e ${id}`))).toBe(true)
  })

  it('of a backup from before signing out leaves nobody’s rows nobody’s', async () => {
    await fill('ann')
    const restore = await backUp(app, way)
    await app.release({ of: 'ann' })
    await app.db.delete(app.schema.entry).where(eq(app.schema.entry.title, 'Note'))
    await restore(app, 'replace')
    expect(await owners()).toEqual(new Set([null]))
  })

  it.each(policies)('of rows that another user has now changes nothing and says so, with "%s"', async (conflict) => {
    await fill('ann')
    const restore = await backUp(app, way)
    await app.release({ of: 'ann' })
    await app.claim({ to: 'bob' })
    await app.db.update(app.schema.entry).set({ content: 'of Bob', updatedAt: new Date(2000, 0) })
    const before = await everything()
    const failure: unknown = await restore(app, conflict).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'OWNER_MISMATCH' })
    expect(JSON.stringify(failure)).not.toMatch(/\b(ann|bob|Home|Note|old)\b/)
    expect(await everything()).toEqual(before)
  })

  it('of entries whose collection another user has now adds nothing to it', async () => {
    await fill('ann')
    const restore = await backUp(app, way)
    await app.release({ of: 'ann' })
    await app.claim({ to: 'bob' })
    await app.db.delete(app.schema.entry)
    const before = await everything()
    await expect(restore(app, 'skip')).rejects.toMatchObject({ code: 'OWNER_MISMATCH' })
    expect(await everything()).toEqual(before)
  })

  it('brings rows of several users into an empty database as they were', async () => {
    await fill('ann')
    await fill('bob')
    await fill(null)
    const restore = await backUp(app, way)
    const before = await everything()
    if (way === 'importEntries') await app.db.delete(app.schema.entry)
    else await app.db.delete(app.schema.collection)
    await restore(app, 'replace')
    expect(await everything()).toEqual(before)
    await restore(app, 'replace')
    expect(await everything()).toEqual(before)
  })
})

it('an encrypted export from before sign-in leaves the owner too', async () => {
  await fill(null)
  const restore = await backUpData(app, { passphrase: 'correct horse battery staple' })
  await app.claim({ to: 'ann' })
  await restore(app, 'replace')
  expect(await owners()).toEqual(new Set(['ann']))
})

describe('a file that is made to take rows', () => {
  const times = { created_at: '2030-01-01T00:00:00Z', updated_at: '2030-01-01T00:00:00Z' }
  const exported = (...rows: Record<string, Record<string, unknown>>[]) => {
    const counts = { collection: 0, settings: 0, entry: 0 }
    for (const row of rows) for (const kind of Object.keys(row)) counts[kind as keyof typeof counts] += 1
    const lines = [{ typyst: 'export', version: 1 }, ...rows, { end: counts }]
    return new Blob([gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))])
  }

  it('moves no row of another user into a collection of its own', async () => {
    const { note } = await fill('bob')
    const before = await everything()
    const collection = { id: 'trap', name: 'Trap', user_id: 'ann', ...times }
    for (const owner of ['ann', 'bob', null]) {
      const entry = { id: note, title: 'mine', collection_id: 'trap', user_id: owner, ...times }
      const importing = app.transfer.importData(exported({ collection }, { entry }), { conflict: 'replace' })
      await expect(importing).rejects.toMatchObject({ code: 'OWNER_MISMATCH' })
      expect(await everything()).toEqual(before)
    }
  })

  it('moves a row no further than to collections of its owner', async () => {
    const { note, collectionId } = await fill('bob')
    const collection = { id: 'nobodys', name: 'New', user_id: null, ...times }
    const entry = { id: note, title: 'changed', collection_id: 'nobodys', user_id: null, ...times }
    await app.transfer.importData(exported({ collection }, { entry }), { conflict: 'replace' })
    expect(await app.entries.get(note)).toMatchObject({ title: 'changed', collectionId, userId: 'bob' })
    const own = await app.forUser('bob').collections.create({ name: 'Own' })
    await app.transfer.importEntries([{ id: note, title: 'moved', collectionId: own.id }], { conflict: 'replace' })
    expect(await app.entries.get(note)).toMatchObject({ title: 'moved', collectionId: own.id, userId: 'bob' })
  })

  it('adds no settings to a collection of another user', async () => {
    const { collectionId } = await fill('bob')
    await app.db.delete(app.schema.collectionSettings)
    const before = await everything()
    const collection = { id: collectionId, name: 'Home', user_id: null, ...times }
    const settings = { id: 's', collection_id: collectionId, user_id: 'ann', view_mode: 'list', ...times }
    for (const conflict of policies) {
      const importing = app.transfer.importData(exported({ collection }, { settings }), { conflict })
      await expect(importing).rejects.toMatchObject({ code: 'OWNER_MISMATCH' })
      expect(await everything()).toEqual(before)
    }
  })
})

describe('Markdown files of others', () => {
  const files = [{ path: 'Home/Soup.md', text: 'hot' }]

  it('join no collection of a user that has the folder’s name', async () => {
    const { collectionId } = await fill('bob')
    await app.transfer.importMarkdown(files)
    const [soup] = (await app.forUser(null).entries.list()).rows
    expect(soup).toMatchObject({ title: 'Soup', userId: null })
    expect(soup?.collectionId).not.toBe(collectionId)
    expect((await app.forUser('bob').entries.list()).rows.map(({ title }) => title)).toEqual(['Note'])
  })

  it('become rows of the user they are imported as', async () => {
    const { collectionId } = await fill('bob')
    await app.transfer.importMarkdown([...files, { path: 'Other/x.md', text: '' }], { as: 'bob' })
    const { rows } = await app.forUser('bob').entries.list()
    expect(rows.map(({ title }) => title).sort()).toEqual(['Note', 'Soup', 'x'])
    expect(rows.find(({ title }) => title === 'Soup')?.collectionId).toBe(collectionId)
    expect(await owners()).toEqual(new Set(['bob']))
    await expect(app.transfer.importMarkdown(files, { as: '' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })
})
