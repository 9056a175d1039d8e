/** Whose rows: claiming, releasing and removing them, orphans, and a database for each user. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAppDatabase, createId, userDataDir } from '../../../src/app/index.ts'
import type { Repositories } from '../../../src/app/index.ts'
import { parseDataDir } from '../../../src/pglite/data-location.ts'
import { createTestAppDatabase } from '../../../src/testing/index.ts'
import { useAppDatabase } from './open-app.ts'

const openApp = useAppDatabase()

/** A collection with settings, an entry, and one in the trash. */
async function fill({ collections, entries, settings }: Repositories, text = 'Soup') {
  const { id } = await collections.create({ name: text })
  await settings.upsert(id, { viewMode: 'grid' })
  const note = await entries.create({ title: text, content: text, collectionId: id })
  await entries.trash((await entries.create({ title: text, collectionId: id })).id)
  return { id, note }
}

const counts = { collections: 1, entries: 2, settings: 1 }
const none = { collections: 0, entries: 0, settings: 0 }

describe('claim', () => {
  it("gives nobody's rows to a user, trash included, once", async () => {
    const app = openApp()
    const { note } = await fill(app.forUser(null))
    await fill(app.forUser('bob'))
    expect(await app.claim({ to: 'ada' })).toEqual(counts)
    expect(await app.claim({ to: 'ada' })).toEqual(none)
    const ada = app.forUser('ada')
    expect(await ada.entries.get(note.id)).toEqual({ ...note, userId: 'ada' })
    expect([await ada.entries.count({ deleted: 'include' }), await ada.settings.count()]).toEqual([2, 1])
    expect(await app.forUser('bob').entries.count({ deleted: 'include' })).toBe(2)
    expect(await app.entries.count({ userId: null, deleted: 'include' })).toBe(0)
  })

  it('leaves everything as it was when the transaction fails', async () => {
    const app = openApp()
    await fill(app.forUser(null))
    const attempt = app.transaction(async ({ tx }) => {
      expect(await app.claim({ to: 'ada', tx })).toEqual(counts)
      throw new Error('undo')
    })
    await expect(attempt).rejects.toThrow('undo')
    expect(await app.forUser('ada').collections.count()).toBe(0)
  })

  it("leaves nobody's entry in another user's collection where it is", async () => {
    const app = openApp()
    const { id } = await fill(app.forUser('bob'))
    await app.db.insert(app.schema.entry).values({ id: createId(), title: 'Astray', collectionId: id })
    expect(await app.claim({ to: 'ada' })).toEqual(none)
  })

  it('is undone by release', async () => {
    const app = openApp()
    await fill(app.forUser('ada'))
    await fill(app.forUser('bob'))
    expect(await app.release({ of: 'ada' })).toEqual(counts)
    expect(await app.release({ of: 'ada' })).toEqual(none)
    expect(await app.forUser(null).entries.count({ deleted: 'include' })).toBe(2)
    expect(await app.claim({ to: 'ada' })).toEqual(counts)
  })

  it.each(['claim', 'release', 'remove'] as const)('%s refuses what is no id of a user', async (method) => {
    // A caller without types whose session is missing.
    const options = { to: undefined, of: undefined } as unknown as { to: string; of: string } // What JavaScript lets a caller pass.
    await expect(async () => openApp()[method](options)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('remove', () => {
  it('deletes the rows of one user, and no others', async () => {
    const app = openApp()
    await fill(app.forUser('ada'))
    await fill(app.forUser('bob'))
    await fill(app.forUser(null))
    expect(await app.remove({ of: 'ada' })).toEqual(counts)
    expect(await app.remove({ of: 'ada' })).toEqual(none)
    expect(await app.entries.count({ deleted: 'include' })).toBe(4)
    expect(await app.orphans([])).toEqual([{ userId: 'bob', ...counts }])
  })

  it('leaves nothing of them in the files of the database', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'typyst-remove-')), 'data')
    onTestFinished(() => rm(join(folder, '..'), { recursive: true, force: true }))
    const [gone, kept] = ['zebra9471hunter', 'giraffe2860keeper']
    await using app = createAppDatabase({ dataDir: folder })
    // Long enough for a value of its own beside the table, and short: it is not compressed either way.
    const long = Array.from({ length: 400 }, () => `${gone}${Math.random()}`).join(' ')
    for (const [userId, text] of [
      ['ada', gone],
      ['ada', long],
      ['bob', kept],
    ] as const) {
      await fill(app.forUser(userId), text.slice(0, 200))
      const { id } = await app.forUser(userId).collections.create({ name: 'long' })
      const { id: entryId } = await app.forUser(userId).entries.create({ title: 'x', content: text, collectionId: id })
      // Old versions of rows, and samples of values for the planner.
      await app.forUser(userId).entries.update(entryId, { content: `${text} again` })
    }
    // Words in the search's own tables, and entries it has yet to read.
    expect((await app.search(gone)).results).toHaveLength(4)
    await app
      .forUser('ada')
      .entries.create({ title: gone, collectionId: (await app.forUser('ada').collections.create({ name: 'late' })).id })
    await app.db.execute(sql`analyze`)
    await app.flush()
    expect(await filesHolding(folder, gone)).not.toEqual([])
    await app.remove({ of: 'ada' })
    expect(await filesHolding(folder, gone)).toEqual([])
    expect(await filesHolding(folder, kept)).not.toEqual([])
    expect(await app.forUser('bob').entries.count({ text: kept })).toBe(2)
  })
})

describe('orphans', () => {
  it('tells what is left of users who are not known', async () => {
    const app = openApp()
    for (const userId of ['ada', 'bob', null]) await fill(app.forUser(userId))
    expect(await app.orphans(new Set(['ada']))).toEqual([{ userId: 'bob', ...counts }])
    expect(await app.orphans(['ada', 'bob', 'eve'])).toEqual([])
    expect(await app.orphans([])).toEqual(['ada', 'bob'].map((userId) => ({ userId, ...counts })))
  })
})

describe('copyTo', () => {
  it("copies one's rows with keys and times, as another's, and again without doing harm", async () => {
    const app = openApp()
    await using target = await createTestAppDatabase()
    const { id, note } = await fill(app.forUser(null))
    await fill(app.forUser('bob'))
    const many = Array.from({ length: 250 }, (_, at) => ({ id: createId(), title: `Note ${at}`, collectionId: id }))
    await app.db.insert(app.schema.entry).values(many)
    expect(await app.copyTo(target, { of: null, as: 'ada' })).toEqual({ ...counts, entries: 252 })
    const ada = target.forUser('ada')
    expect(await ada.entries.get(note.id)).toEqual({ ...note, userId: 'ada' })
    expect(await ada.settings.get(id)).toMatchObject({ viewMode: 'grid', userId: 'ada' })
    expect(await target.entries.count({ deleted: 'include' })).toBe(252)
    await ada.entries.update(note.id, { title: 'Changed' })
    expect(await app.copyTo(target, { of: null, as: 'ada' })).toEqual(none)
    expect(await ada.entries.get(note.id)).toMatchObject({ title: 'Changed' })
    expect(await app.entries.count({ deleted: 'include' })).toBe(254)
  })

  it("puts nothing into another's collection, and what comes into a collection belongs to its owner", async () => {
    const app = openApp()
    await using target = await createTestAppDatabase()
    const { id } = await fill(app.forUser('bob'))
    await app.copyTo(target, { as: 'ada' })
    await app.forUser('bob').entries.create({ title: 'Of Bob', collectionId: id })
    await expect(app.copyTo(target)).rejects.toMatchObject({ code: 'OWNER_MISMATCH' })
    await expect(app.copyTo(target, { of: 'bob', as: 'eve' })).rejects.toMatchObject({ code: 'OWNER_MISMATCH' })
    expect(await target.entries.count({ deleted: 'include' })).toBe(counts.entries)
    expect(await app.copyTo(target, { as: null })).toEqual({ ...none, entries: 1 })
    expect(await target.forUser('ada').entries.count({ deleted: 'include' })).toBe(counts.entries + 1)
    expect(await target.forUser(null).entries.count({ deleted: 'include' })).toBe(0)
  })

  it('copies all or nothing, and not into itself', async () => {
    const app = openApp()
    await using target = await createTestAppDatabase()
    await fill(app.forUser('bob'))
    await target.db.execute(sql`alter table entry add constraint short check (length(title) < 2)`)
    await expect(app.copyTo(target)).rejects.toMatchObject({ code: 'CHECK_VIOLATION' })
    expect(await target.collections.count()).toBe(0)
    await expect(app.copyTo(app)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('userDataDir', () => {
  it('is a place of its own for each user, which createAppDatabase takes', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }), {
      minLength: 2,
      maxLength: 2,
    })
    fc.assert(
      fc.property(ids, fc.constantFrom('idb://typyst', 'data/app'), ([one = '', two = ''], base) => {
        fc.pre(!/[\0\p{Surrogate}]/u.test(one + two))
        const places = [userDataDir(one, base), userDataDir(two, base)]
        // Not even on a file system without capital letters.
        expect(places[0]?.toLowerCase()).not.toBe(places[1]?.toLowerCase())
        for (const place of places) expect(place).toMatch(/^(idb:\/\/typyst|data\/app)-user-[a-z0-9_-]+$/)
        for (const place of places) expect(() => parseDataDir(place)).not.toThrow()
      }),
    )
  })

  it('stays readable for the ids of Better Auth, and refuses one that is too long', () => {
    expect(userDataDir('a1b2')).toBe('idb://typyst-user-a1b2')
    expect(userDataDir('../x', './data/')).toBe('./data-user-_2e_2e_2fx')
    expect(userDataDir('ada', 'memory://')).toBe('memory://')
    expect(() => userDataDir('A'.repeat(70))).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
    expect(() => userDataDir('')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})

/** The files below a folder that hold a text. */
async function filesHolding(folder: string, text: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  const paths = names.map((name) => join(folder, name))
  const holding = await Promise.all(
    paths.map(async (path) => ((await stat(path)).isFile() && (await readFile(path)).includes(text) ? [path] : [])),
  )
  return holding.flat()
}
