/** The repositories, each test for everybody's rows, for one user's and for nobody's. */
import { eq } from 'drizzle-orm'
import { version } from 'uuid'
import { describe, expect, it } from 'vitest'
import { createId } from '../../../src/app/index.ts'
import type { Repositories, UserData } from '../../../src/app/index.ts'
import { useAppDatabase } from './open-app.ts'

const openApp = useAppDatabase()
const nowhere = '01890000-0000-7000-8000-000000000000'

describe.each([
  { form: 'for everybody', owner: null, data: (): UserData => openApp() },
  { form: 'for a user', owner: 'ada', data: (): UserData => openApp().forUser('ada') },
  { form: 'for nobody', owner: null, data: (): UserData => openApp().forUser(null) },
])('$form', ({ data, owner }) => {
  describe('collections', () => {
    it('creates one with a key of its own, its owner and its times', async () => {
      const { collections } = data()
      const created = await collections.create({ name: 'Recipes', color: '#1e90ff', icon: '🍲' })
      expect(created).toEqual({
        id: created.id,
        name: 'Recipes',
        description: null,
        color: '#1e90ff',
        icon: '🍲',
        userId: owner,
        createdAt: created.createdAt,
        updatedAt: created.updatedAt,
        deletedAt: null,
      })
      expect(version(created.id)).toBe(7)
      expect(Math.abs(created.createdAt.getTime() - Date.now())).toBeLessThan(60_000)
      expect(await collections.get(created.id)).toEqual(created)
    })

    it('takes a key and a time of creation from outside, and refuses a key that is taken', async () => {
      const { collections } = data()
      const values = { id: createId(), name: 'Old', createdAt: new Date('2020-02-02T02:02:02.222Z') }
      expect(await collections.create(values)).toMatchObject(values)
      await expect(collections.create(values)).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' })
    })

    it('makes keys that sort by creation, also within a millisecond', async () => {
      const { collections } = data()
      const ids: string[] = []
      for (let at = 0; at < 20; at += 1) ids.push((await collections.create({ name: `c${at}` })).id)
      expect(ids.toSorted()).toEqual(ids)
    })

    it('reads the columns that are asked for', async () => {
      const { collections } = data()
      const { id } = await collections.create({ name: 'Recipes' })
      expect(await collections.get(id, { columns: ['name'] })).toEqual({ name: 'Recipes' })
      expect(await collections.get(nowhere)).toBeUndefined()
    })

    it('changes what is given, and when it was changed', async () => {
      const { collections } = data()
      const created = await collections.create({ name: 'Recipes', description: 'Soups' })
      const updated = await collections.update(created.id, { description: null })
      expect(updated).toEqual({ ...created, description: null, updatedAt: updated.updatedAt })
      expect(updated.updatedAt.getTime()).toBeGreaterThan(created.updatedAt.getTime())
      await expect(collections.update(nowhere, { name: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('upserts: adds, then changes what is given and leaves owner and creation', async () => {
      const { collections } = data()
      const id = createId()
      const added = await collections.upsert({ id, name: 'Recipes', color: 'teal' })
      const changed = await collections.upsert({ id, name: 'Soups', createdAt: new Date(0), userId: 'somebody' })
      expect(changed).toEqual({ ...added, name: 'Soups', updatedAt: changed.updatedAt })
      expect(changed.updatedAt.getTime()).toBeGreaterThan(added.updatedAt.getTime())
      await collections.trash(id)
      await expect(collections.upsert({ id, name: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('duplicates with entries and settings, without what is in the trash', async () => {
      const { collections, entries, settings } = data()
      const original = await collections.create({ name: 'Recipes', icon: '🍲' })
      for (const title of ['Soup', 'Stew', 'Gone']) {
        const { id } = await entries.create({ title, content: `# ${title}`, collectionId: original.id })
        if (title === 'Gone') await entries.trash(id)
      }
      await settings.upsert(original.id, { viewMode: 'grid' })
      const copy = await collections.duplicate(original.id, { name: 'Recipes 2' })
      expect(copy).toMatchObject({ name: 'Recipes 2', icon: '🍲', userId: owner })
      expect(copy.id).not.toBe(original.id)
      const { rows } = await entries.list({
        collectionId: copy.id,
        columns: ['title', 'content', 'userId'],
        order: 'asc',
      })
      expect(rows).toEqual(['Soup', 'Stew'].map((title) => ({ title, content: `# ${title}`, userId: owner })))
      expect(await settings.get(copy.id)).toMatchObject({ viewMode: 'grid', userId: owner })
      expect(await entries.count({ collectionId: original.id })).toBe(2)
      await expect(collections.duplicate(nowhere)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('takes its entries into the trash and out of it, but not those that were there before', async () => {
      const { collections, entries, settings } = data()
      const { id } = await collections.create({ name: 'Recipes' })
      const kept = await entries.create({ title: 'Soup', collectionId: id })
      const earlier = await entries.create({ title: 'Stew', collectionId: id })
      await settings.upsert(id, { viewMode: 'grid' })
      await entries.trash(earlier.id)
      const trashed = await collections.trash(id)
      expect(trashed.deletedAt).toBeInstanceOf(Date)
      expect([await collections.get(id), await entries.get(kept.id), await settings.get(id)]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
      expect([await collections.count(), await entries.count(), await settings.count()]).toEqual([0, 0, 0])
      expect(await collections.get(id, { deleted: 'include' })).toEqual(trashed)
      expect(await entries.count({ deleted: 'only' })).toBe(2)
      await expect(collections.trash(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      const restored = await collections.restore(id)
      expect(restored.deletedAt).toBeNull()
      expect(restored.updatedAt.getTime()).toBeGreaterThan(trashed.updatedAt.getTime())
      expect((await entries.list()).rows.map((row) => row.id)).toEqual([kept.id])
      expect((await entries.list({ deleted: 'only' })).rows.map((row) => row.id)).toEqual([earlier.id])
      await expect(collections.restore(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('deletes for good with entries and settings', async () => {
      const { collections, entries, settings } = data()
      const { id } = await collections.create({ name: 'Recipes' })
      await entries.create({ title: 'Soup', collectionId: id })
      await settings.upsert(id, { viewMode: 'grid' })
      await collections.delete(id)
      const { db, schema } = openApp()
      for (const table of [schema.collection, schema.entry, schema.collectionSettings]) {
        expect(await db.$count(table)).toBe(0)
      }
      await expect(collections.delete(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('empties the trash of what has been there long enough', async () => {
      const { collections } = data()
      const { db, schema } = openApp()
      const [kept, fresh, old] = [
        await collections.create({ name: 'a' }),
        await collections.create({ name: 'b' }),
        await collections.create({ name: 'c' }),
      ]
      await collections.trash(fresh.id)
      await collections.trash(old.id)
      await db
        .update(schema.collection)
        .set({ deletedAt: new Date(Date.now() - 3_600_000) })
        .where(eq(schema.collection.id, old.id))
      expect(await collections.emptyTrash({ olderThanMs: 1_800_000 })).toBe(1)
      expect((await collections.list({ deleted: 'include' })).rows.map(({ id }) => id)).toEqual([fresh.id, kept.id])
      expect(await collections.emptyTrash()).toBe(1)
      expect(await collections.emptyTrash()).toBe(0)
      expect(await collections.count({ deleted: 'include' })).toBe(1)
    })
  })

  describe('entries', () => {
    const home = async (name = 'Recipes') => (await data().collections.create({ name })).id

    it("creates one, empty title and all, that belongs to its collection's owner", async () => {
      const { entries } = data()
      const collectionId = await home()
      const created = await entries.create({ title: '', content: '# Soup', collectionId })
      expect(created).toMatchObject({ title: '', content: '# Soup', collectionId, userId: owner, deletedAt: null })
      expect(await entries.get(created.id)).toEqual(created)
      expect(await entries.get(created.id, { columns: ['id', 'content'] })).toEqual({
        id: created.id,
        content: '# Soup',
      })
      await expect(entries.create({ title: 'x', collectionId: nowhere })).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await data().collections.trash(collectionId)
      await expect(entries.create({ title: 'x', collectionId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('changes what is given, and when it was changed', async () => {
      const { entries } = data()
      const created = await entries.create({ title: 'Soup', content: 'old', collectionId: await home() })
      const updated = await entries.update(created.id, { content: 'new' })
      expect(updated).toEqual({ ...created, content: 'new', updatedAt: updated.updatedAt })
      const again = await entries.update(created.id, { title: 'Stew' })
      expect(again.updatedAt.getTime()).toBeGreaterThan(updated.updatedAt.getTime())
      await entries.trash(created.id)
      await expect(entries.update(created.id, { title: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('upserts: adds, then changes what is given and moves', async () => {
      const { entries } = data()
      const [id, collectionId, other] = [createId(), await home(), await home('Other')]
      const added = await entries.upsert({ id, title: 'Soup', content: 'text', collectionId })
      const changed = await entries.upsert({ id, title: 'Stew', collectionId: other, createdAt: new Date(0) })
      expect(changed).toEqual({ ...added, title: 'Stew', collectionId: other, updatedAt: changed.updatedAt })
      expect(changed.updatedAt.getTime()).toBeGreaterThan(added.updatedAt.getTime())
      await expect(entries.upsert({ id, title: 'x', collectionId: nowhere })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
      await entries.trash(id)
      await expect(entries.upsert({ id, title: 'x', collectionId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('moves into another collection, unless that is in the trash', async () => {
      const { collections, entries } = data()
      const [from, to] = [await home(), await home('Other')]
      const created = await entries.create({ title: 'Soup', collectionId: from })
      const moved = await entries.move(created.id, { to })
      expect(moved).toEqual({ ...created, collectionId: to, updatedAt: moved.updatedAt })
      expect(moved.updatedAt.getTime()).toBeGreaterThan(created.updatedAt.getTime())
      await collections.trash(from)
      for (const target of [from, nowhere]) {
        await expect(entries.move(created.id, { to: target })).rejects.toMatchObject({ code: 'NOT_FOUND' })
      }
    })

    it('duplicates, here or elsewhere', async () => {
      const { entries } = data()
      const [from, to] = [await home(), await home('Other')]
      const created = await entries.create({ title: 'Soup', content: 'text', collectionId: from })
      expect(await entries.duplicate(created.id)).toMatchObject({ title: 'Soup', content: 'text', collectionId: from })
      const copy = await entries.duplicate(created.id, { title: 'Soup 2' }, { to })
      expect(copy).toMatchObject({ title: 'Soup 2', content: 'text', collectionId: to, userId: owner })
      expect(await entries.get(created.id)).toEqual(created)
      await expect(entries.duplicate(nowhere)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(entries.duplicate(nowhere, { title: 'x', content: 'y' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
    })

    it('goes into the trash and comes back, elsewhere when its collection is in the trash', async () => {
      const { collections, entries } = data()
      const [from, to] = [await home(), await home('Other')]
      const created = await entries.create({ title: 'Soup', collectionId: from })
      await entries.trash(created.id)
      expect(await entries.get(created.id)).toBeUndefined()
      expect(await entries.get(created.id, { deleted: 'only' })).toMatchObject({ id: created.id })
      await expect(entries.trash(created.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await entries.restore(created.id)).toMatchObject({ collectionId: from, deletedAt: null })
      await expect(entries.restore(created.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await collections.trash(from)
      await expect(entries.restore(created.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await entries.restore(created.id, { to })).toMatchObject({ collectionId: to, deletedAt: null })
    })

    it('is deleted for good, also from the trash', async () => {
      const { entries } = data()
      const collectionId = await home()
      const [one, two, three] = [
        await entries.create({ title: '1', collectionId }),
        await entries.create({ title: '2', collectionId }),
        await entries.create({ title: '3', collectionId }),
      ]
      await entries.trash(two.id)
      await entries.trash(three.id)
      await entries.delete(one.id)
      await entries.delete(two.id)
      await expect(entries.delete(one.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await entries.emptyTrash({ olderThanMs: 3_600_000 })).toBe(0)
      expect(await entries.emptyTrash()).toBe(1)
      expect(await entries.count({ deleted: 'include' })).toBe(0)
    })

    it('counts, by collection too', async () => {
      const { entries } = data()
      const [first, second] = [await home(), await home('Other')]
      for (const collectionId of [first, first, second]) await entries.create({ title: 'Soup', collectionId })
      expect(await entries.count()).toBe(3)
      expect(await entries.count({ collectionId: second })).toBe(1)
      expect(await entries.count({ collectionId: [] })).toBe(0)
      expect(await entries.countByCollection()).toEqual(
        new Map([
          [first, 2],
          [second, 1],
        ]),
      )
    })
  })

  describe('settings', () => {
    it('keeps one row per collection', async () => {
      const { collections, settings } = data()
      const { id } = await collections.create({ name: 'Recipes' })
      expect(await settings.get(id)).toBeUndefined()
      const added = await settings.upsert(id, { sortBy: 'title', sortOrder: 'desc' })
      expect(added).toMatchObject({
        collectionId: id,
        sortBy: 'title',
        sortOrder: 'desc',
        viewMode: null,
        userId: owner,
      })
      const changed = await settings.upsert(id, { viewMode: 'grid', sortOrder: null })
      expect(changed).toEqual({ ...added, viewMode: 'grid', sortOrder: null, updatedAt: changed.updatedAt })
      expect(changed.updatedAt.getTime()).toBeGreaterThan(added.updatedAt.getTime())
      expect(await settings.list()).toEqual(new Map([[id, changed]]))
      expect(await settings.count()).toBe(1)
      await expect(settings.upsert(nowhere, {})).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await settings.delete(id)
      await settings.delete(id)
      expect(await settings.get(id)).toBeUndefined()
    })
  })

  describe('transactions', () => {
    const fill = async ({ collections, entries, settings }: Repositories) => {
      const { id } = await collections.create({ name: 'Recipes' })
      const { id: entryId } = await entries.create({ title: 'Soup', collectionId: id })
      await settings.upsert(id, { viewMode: 'grid' })
      await collections.trash(id)
      await collections.restore(id)
      await collections.duplicate(id)
      await entries.duplicate(entryId)
      return id
    }

    it('commits together what is done inside', async () => {
      await data().transaction(fill)
      expect(await data().entries.count()).toBe(3)
    })

    it('rolls back together what is done inside', async () => {
      const failure = new Error('no')
      const attempt = data().transaction(async (inside) => {
        const id = await fill(inside)
        expect(await inside.collections.get(id)).toMatchObject({ userId: owner })
        throw failure
      })
      await expect(attempt).rejects.toBe(failure)
      expect(await openApp().collections.count({ deleted: 'include' })).toBe(0)
    })

    it('takes part in a transaction of Drizzle, each method', async () => {
      const { collections, entries, settings } = data()
      const attempt = openApp().db.transaction(async (tx) => {
        const { id } = await collections.create({ name: 'Recipes' }, { tx })
        const other = await collections.upsert({ id: createId(), name: 'Other' }, { tx })
        await collections.update(id, { name: 'Soups' }, { tx })
        const soup = await entries.create({ title: 'Soup', collectionId: id }, { tx })
        await entries.upsert({ id: createId(), title: 'Stew', collectionId: id }, { tx })
        await entries.update(soup.id, { title: 'Broth' }, { tx })
        await entries.move(soup.id, { to: other.id, tx })
        await entries.duplicate(soup.id, {}, { to: id, tx })
        await entries.trash(soup.id, { tx })
        await entries.restore(soup.id, { tx })
        await settings.upsert(id, { viewMode: 'grid' }, { tx })
        expect(await settings.get(id, { tx })).toBeDefined()
        expect((await settings.list({ tx })).size).toBe(await settings.count({ tx }))
        await settings.delete(id, { tx })
        await collections.duplicate(id, {}, { tx })
        await collections.trash(id, { tx })
        expect(await collections.get(id, { deleted: 'only', tx })).toBeDefined()
        await collections.restore(id, { tx })
        expect((await collections.list({ tx })).rows).toHaveLength(await collections.count({ tx }))
        expect((await entries.list({ tx })).rows).toHaveLength(await entries.count({ tx }))
        expect((await entries.countByCollection({ tx })).size).toBe(3)
        expect(await entries.get(soup.id, { tx })).toBeDefined()
        await entries.trash(soup.id, { tx })
        expect(await entries.emptyTrash({ tx })).toBe(1)
        await collections.trash(other.id, { tx })
        expect(await collections.emptyTrash({ tx })).toBe(1)
        await entries.delete((await entries.list({ tx })).rows[0]?.id ?? '', { tx })
        await collections.delete(id, { tx })
        throw new Error('undo')
      })
      await expect(attempt).rejects.toThrow('undo')
      expect(await collections.count({ deleted: 'include' })).toBe(0)
    })
  })
})
