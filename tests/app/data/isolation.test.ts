/** `forUser`: every method with another user's ids, which must find nothing and change nothing. */
import { describe, expect, it } from 'vitest'
import { createId } from '../../../src/app/index.ts'
import type { Repositories, UserData } from '../../../src/app/index.ts'
import { useAppDatabase } from './open-app.ts'

const openApp = useAppDatabase()

/** What one user has: something visible and something in the trash. */
async function fill({ collections, entries, settings }: Repositories) {
  const home = await collections.create({ name: 'Home', description: 'needle' })
  const second = await collections.create({ name: 'Second' })
  const bin = await collections.create({ name: 'Bin' })
  const note = await entries.create({ title: 'Note', content: 'needle', collectionId: home.id })
  const trashed = await entries.create({ title: 'Trashed', collectionId: home.id })
  await settings.upsert(home.id, { viewMode: 'grid' })
  await entries.trash(trashed.id)
  await collections.trash(bin.id)
  return { home: home.id, second: second.id, bin: bin.id, note: note.id, trashed: trashed.id }
}

type Ids = Awaited<ReturnType<typeof fill>>

/** Everything in the database that is not `mine`. */
async function everythingBut(userId: string | null) {
  const { db, schema } = openApp()
  const tables = [schema.collection, schema.entry, schema.collectionSettings]
  const rows = await Promise.all(tables.map((table) => db.select().from(table).orderBy(table.id)))
  return rows.map((table) => table.filter((row) => row.userId !== userId))
}

/** Each call with a foreign id, and with own ids where the call needs two. */
const refused: Record<string, (mine: UserData, theirs: Ids, own: Ids) => Promise<unknown>> = {
  'collections.create': ({ collections }, { home }) => collections.create({ id: home, name: 'x' }),
  'collections.update': ({ collections }, { home }) => collections.update(home, { name: 'x' }),
  'collections.upsert': ({ collections }, { home }) => collections.upsert({ id: home, name: 'x' }),
  'collections.upsert, in the trash': ({ collections }, { bin }) => collections.upsert({ id: bin, name: 'x' }),
  'collections.duplicate': ({ collections }, { home }) => collections.duplicate(home),
  'collections.duplicate, all given': ({ collections }, { home }) =>
    collections.duplicate(home, { name: 'x', description: 'x', color: 'red', icon: 'x' }),
  'collections.trash': ({ collections }, { home }) => collections.trash(home),
  'collections.restore': ({ collections }, { bin }) => collections.restore(bin),
  'collections.delete': ({ collections }, { home }) => collections.delete(home),
  'collections.delete, in the trash': ({ collections }, { bin }) => collections.delete(bin),
  'entries.create, in their collection': ({ entries }, { home }) => entries.create({ title: 'x', collectionId: home }),
  'entries.create, with their id': ({ entries }, { note }, { home }) =>
    entries.create({ id: note, title: 'x', collectionId: home }),
  'entries.update': ({ entries }, { note }) => entries.update(note, { title: 'x' }),
  'entries.upsert': ({ entries }, { note }, { home }) => entries.upsert({ id: note, title: 'x', collectionId: home }),
  'entries.upsert, in the trash': ({ entries }, { trashed }, { home }) =>
    entries.upsert({ id: trashed, title: 'x', collectionId: home }),
  'entries.upsert, into their collection': ({ entries }, { home }, { note }) =>
    entries.upsert({ id: note, title: 'x', collectionId: home }),
  'entries.upsert, a new one into their collection': ({ entries }, { home }) =>
    entries.upsert({ id: createId(), title: 'x', collectionId: home }),
  'entries.move, theirs': ({ entries }, { note }, { home }) => entries.move(note, { to: home }),
  'entries.move, theirs within theirs': ({ entries }, { note, second }) => entries.move(note, { to: second }),
  'entries.move, into their collection': ({ entries }, { home }, { note }) => entries.move(note, { to: home }),
  'entries.duplicate': ({ entries }, { note }) => entries.duplicate(note),
  'entries.duplicate, to mine': ({ entries }, { note }, { home }) => entries.duplicate(note, {}, { to: home }),
  'entries.duplicate, into their collection': ({ entries }, { home }, { note }) =>
    entries.duplicate(note, {}, { to: home }),
  'entries.trash': ({ entries }, { note }) => entries.trash(note),
  'entries.restore': ({ entries }, { trashed }) => entries.restore(trashed),
  'entries.restore, to mine': ({ entries }, { trashed }, { home }) => entries.restore(trashed, { to: home }),
  'entries.restore, into their collection': ({ entries }, { home }, { trashed }) =>
    entries.restore(trashed, { to: home }),
  'entries.delete': ({ entries }, { note }) => entries.delete(note),
  'entries.delete, in the trash': ({ entries }, { trashed }) => entries.delete(trashed),
  'settings.upsert': ({ settings }, { home }) => settings.upsert(home, { viewMode: 'x' }),
  'settings.upsert, a new row': ({ settings }, { second }) => settings.upsert(second, { viewMode: 'x' }),
}

/** Each call that reads, and what it gives with a foreign id. */
const empty: Record<string, readonly [(mine: UserData, theirs: Ids) => Promise<unknown>, unknown]> = {
  'collections.get': [({ collections }, { home }) => collections.get(home, { deleted: 'include' }), undefined],
  'collections.list': [
    ({ collections }, _) => collections.list({ userId: 'bob', deleted: 'include' }).then(({ rows }) => rows),
    [],
  ],
  'collections.count': [({ collections }) => collections.count({ userId: 'bob', deleted: 'include' }), 0],
  'entries.get': [({ entries }, { note }) => entries.get(note, { deleted: 'include' }), undefined],
  'entries.list': [
    ({ entries }, { home }) => entries.list({ collectionId: home, deleted: 'include' }).then(({ rows }) => rows),
    [],
  ],
  'entries.list, by owner': [
    ({ entries }) => entries.list({ userId: 'bob', deleted: 'include' }).then(({ rows }) => rows),
    [],
  ],
  'entries.count': [({ entries }, { home }) => entries.count({ collectionId: home, deleted: 'include' }), 0],
  'entries.countByCollection': [
    ({ entries }, { home }) => entries.countByCollection({ collectionId: home, deleted: 'include' }),
    new Map(),
  ],
  'settings.get': [({ settings }, { home }) => settings.get(home), undefined],
  'settings.delete': [({ settings }, { home }) => settings.delete(home), undefined],
}

describe.each([
  { who: 'a user', userId: 'ada' },
  { who: 'nobody', userId: null },
])('$who with the ids of another user', ({ userId }) => {
  async function prepare() {
    const mine = openApp().forUser(userId)
    const theirs = await fill(openApp().forUser('bob'))
    return { mine, theirs, own: await fill(mine), before: await everythingBut(userId) }
  }

  it('has every method tried here', async () => {
    const { mine } = await prepare()
    const methods = Object.entries({ collections: mine.collections, entries: mine.entries, settings: mine.settings })
      .flatMap(([name, repository]) => Object.keys(repository).map((method) => `${name}.${method}`))
      // They name no row; the tests below are about them.
      .filter(
        (method) =>
          !['collections.emptyTrash', 'entries.emptyTrash', 'settings.list', 'settings.count'].includes(method),
      )
    const tried = [...Object.keys(refused), ...Object.keys(empty)].map((call) => call.split(',')[0])
    expect(new Set(tried)).toEqual(new Set(methods))
  })

  it.each(Object.entries(refused))('%s is refused', async (_, call) => {
    const { mine, theirs, own, before } = await prepare()
    await expect(call(mine, theirs, own)).rejects.toMatchObject({
      code: expect.stringMatching(/^(NOT_FOUND|UNIQUE_VIOLATION)$/) as unknown,
    })
    expect(await everythingBut(userId)).toEqual(before)
  })

  it.each(Object.entries(empty))('%s finds nothing', async (_, [call, nothing]) => {
    const { mine, theirs, before } = await prepare()
    expect(await call(mine, theirs)).toEqual(nothing)
    expect(await everythingBut(userId)).toEqual(before)
  })

  it('lists, counts and empties the trash of what is its own', async () => {
    const { mine, own, before } = await prepare()
    expect([await mine.collections.count(), await mine.entries.count(), await mine.settings.count()]).toEqual([2, 1, 1])
    expect([...(await mine.settings.list()).keys()]).toEqual([own.home])
    expect((await mine.entries.list({ text: 'NEEDLE' })).rows).toMatchObject([{ id: own.note, userId }])
    expect((await mine.collections.list({ text: 'needle' })).rows).toMatchObject([{ id: own.home, userId }])
    expect([await mine.entries.emptyTrash(), await mine.collections.emptyTrash()]).toEqual([1, 1])
    expect(await everythingBut(userId)).toEqual(before)
  })

  it('searches what is its own, whatever it asks for', async () => {
    const { mine, own } = await prepare()
    for (const options of [{}, { userId: 'bob' }]) {
      expect((await mine.search('needle', options)).results.map(({ id }) => id)).toEqual([own.note])
    }
  })

  it('cannot touch an entry of another one that lies in its own collection', async () => {
    const { mine, theirs, own } = await prepare()
    const { db, schema } = openApp()
    // Past the repositories, which would not put it there.
    const { entry } = schema
    await db.insert(entry).values({ id: createId(), title: 'Astray', userId: 'bob', collectionId: own.home })
    const before = await everythingBut(userId)
    await mine.collections.trash(own.home)
    await expect(mine.collections.delete(own.home)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await mine.collections.emptyTrash()).toBe(1)
    expect(await mine.collections.get(own.bin, { deleted: 'include' })).toBeUndefined()
    await mine.collections.restore(own.home)
    await mine.collections.duplicate(own.home)
    expect(await everythingBut(userId)).toEqual(before)
    expect(await openApp().forUser('bob').collections.get(theirs.home)).toBeDefined()
  })
})

it.each([undefined, '', 42, {}, 'a'.repeat(256), 'a\0'])('refuses what is no id of a user: %j', (userId) => {
  // A caller without types.
  expect(() => openApp().forUser(userId as string)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
})

it("gives entries and settings the owner of their collection, and a new one when they move to another's", async () => {
  const app = openApp()
  const [ada, bob] = [
    await app.collections.create({ name: 'a', userId: 'ada' }),
    await app.collections.create({ name: 'b', userId: 'bob' }),
  ]
  const entry = await app.entries.create({ title: 'Soup', collectionId: ada.id })
  const settings = await app.settings.upsert(ada.id, { viewMode: 'grid' })
  const moved = await app.entries.move(entry.id, { to: bob.id })
  expect([entry.userId, settings.userId, moved.userId]).toEqual(['ada', 'ada', 'bob'])
  const back = await app.entries.upsert({ id: entry.id, title: 'Soup', collectionId: ada.id })
  expect(back.userId).toBe('ada')
})
