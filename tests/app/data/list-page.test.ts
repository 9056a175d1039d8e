/** Pages of lists, against the whole list and while rows change. */
import fc from 'fast-check'
import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { createId } from '../../../src/app/index.ts'
import type { EntryListOptions, ListedEntryField, UserData } from '../../../src/app/index.ts'
import type { Entry } from '../../../src/schema/app.ts'
import { useAppDatabase } from './open-app.ts'

const openApp = useAppDatabase()
const forms = { 'for everybody': (): UserData => openApp(), 'for a user': (): UserData => openApp().forUser('ada') }

type Options = Omit<EntryListOptions<ListedEntryField>, 'cursor' | 'columns'>

/** The keys of every page, page after page. */
async function pages(data: UserData, options: Options): Promise<string[][]> {
  const ids: string[][] = []
  let cursor: string | undefined
  do {
    const page = await data.entries.list({ ...options, cursor })
    ids.push(page.rows.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return ids
}

// Few values, so that rows tie; microseconds, which a Date has not.
const instant = fc.constantFrom(
  '2026-01-01 00:00:00.000001+00',
  '2026-01-01 00:00:00.000002+00',
  '2026-01-01 00:00:00.001+00',
  '1999-12-31 23:59:59.999999+00',
)
const row = fc.record({
  title: fc.constantFrom('a', 'A', 'b', 'B', '', 'é', '한', '"quoted", \\', '100%'),
  createdAt: instant,
  updatedAt: instant,
})
const options = fc.record({
  sort: fc.constantFrom('title', 'created', 'updated'),
  order: fc.constantFrom('asc', 'desc'),
  limit: fc.integer({ min: 1, max: 7 }),
})

describe.each(Object.entries(forms))('%s', (_, data) => {
  async function addCollection(): Promise<string> {
    return (await openApp().collections.create({ name: 'c', userId: 'ada' })).id
  }

  it('pages are the whole list cut into pieces, whatever the order', async () => {
    const { db, schema } = openApp()
    const { entry } = schema
    const collectionId = await addCollection()
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 25 }), options, async (rows, { sort, order, limit }) => {
        await db.delete(entry)
        for (const { title, createdAt, updatedAt } of rows) {
          const times = { createdAt: sql`${createdAt}::timestamptz`, updatedAt: sql`${updatedAt}::timestamptz` }
          await db.insert(entry).values({ id: createId(), title, collectionId, userId: 'ada', ...times })
        }
        const key = { title: sql`lower(${entry.title})`, created: entry.createdAt, updated: entry.updatedAt }[sort]
        const direction = order === 'asc' ? asc : desc
        const whole = await db.select({ id: entry.id }).from(entry).orderBy(direction(key), direction(entry.id))
        const found = await pages(data(), { sort, order, limit })
        expect(found.flat()).toEqual(whole.map(({ id }) => id))
        expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('rows that stay as they are appear once, whatever happens to others between two pages', async () => {
    const { db, schema } = openApp()
    const { entry } = schema
    const collectionId = await addCollection()
    const change = fc.record({
      kind: fc.constantFrom('add', 'delete', 'change'),
      at: fc.nat(),
      title: row.map((made) => made.title),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 5, maxLength: 20 }),
        options,
        fc.array(change, { maxLength: 10 }),
        async (rows, { sort, order, limit }, changes) => {
          await db.delete(entry)
          const ids = rows.map(() => createId())
          for (const [at, made] of rows.entries()) {
            await db.insert(entry).values({
              id: ids[at] ?? '',
              title: made.title,
              collectionId,
              userId: 'ada',
              createdAt: sql`${made.createdAt}::timestamptz`,
              updatedAt: sql`${made.updatedAt}::timestamptz`,
            })
          }
          const untouched = new Set(ids)
          const pending = [...changes]
          const seen: string[] = []
          let cursor: string | undefined
          do {
            const page: { rows: Pick<Entry, 'id'>[]; nextCursor: string | undefined } = await data().entries.list({
              sort,
              order,
              limit,
              cursor,
            })
            seen.push(...page.rows.map(({ id }) => id))
            cursor = page.nextCursor
            const next = pending.shift()
            if (!next) continue
            const id = ids[next.at % ids.length] ?? ''
            if (next.kind === 'add') await data().entries.create({ title: next.title, collectionId })
            else if (untouched.delete(id)) {
              if (next.kind === 'delete') await data().entries.delete(id)
              else await data().entries.update(id, { title: next.title })
            }
          } while (cursor !== undefined)
          expect(seen.filter((id) => untouched.has(id)).toSorted()).toEqual([...untouched].toSorted())
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('a list', () => {
  it('filters by collection, owner, time, text and trash', async () => {
    const app = openApp()
    const [first, second] = [
      await app.collections.create({ name: '1', userId: 'ada' }),
      await app.collections.create({ name: '2' }),
    ]
    const add = (title: string, collectionId: string, createdAt: string, content = '') =>
      app.entries.create({ title, collectionId, content, createdAt: new Date(createdAt) })
    await add('Soup', first.id, '2026-01-01', 'with 100% peas')
    await add('Stew', first.id, '2026-02-01', 'no peas_at all')
    await add('Größe', second.id, '2026-03-01')
    await app.entries.trash((await add('Gone', second.id, '2026-04-01')).id)
    const titles = async (filter: Options) =>
      (await app.entries.list({ sort: 'title', ...filter })).rows.map(({ title }) => title)
    expect(await titles({})).toEqual(['Größe', 'Soup', 'Stew'])
    expect(await titles({ collectionId: first.id })).toEqual(['Soup', 'Stew'])
    expect(await titles({ collectionId: [first.id, second.id] })).toEqual(['Größe', 'Soup', 'Stew'])
    expect(await titles({ collectionId: [] })).toEqual([])
    expect(await titles({ userId: 'ada' })).toEqual(['Soup', 'Stew'])
    expect(await titles({ userId: null })).toEqual(['Größe'])
    expect(await titles({ created: { from: new Date('2026-02-01') } })).toEqual(['Größe', 'Stew'])
    expect(await titles({ created: { from: new Date('2026-01-01'), before: new Date('2026-02-01') } })).toEqual([
      'Soup',
    ])
    expect(await titles({ updated: { before: new Date('2026-02-01') } })).toEqual([])
    expect(await titles({ text: '100%' })).toEqual(['Soup'])
    expect(await titles({ text: 's_at' })).toEqual(['Stew'])
    expect(await titles({ text: 'GRÖ' })).toEqual(['Größe'])
    expect(await titles({ deleted: 'only' })).toEqual(['Gone'])
    expect(await titles({ deleted: 'include', collectionId: second.id })).toEqual(['Gone', 'Größe'])
    expect(await app.entries.count({ text: 'peas' })).toBe(2)
    expect((await app.collections.list({ sort: 'name' })).rows.map(({ name }) => name)).toEqual(['1', '2'])
    expect(await app.collections.count({ userId: 'ada' })).toBe(1)
  })

  it('reads the chosen columns only, and no contents unless told', async () => {
    const app = openApp()
    const { id } = await app.collections.create({ name: '1' })
    const { content, ...listed } = await app.entries.create({ title: 'Soup', content: 'text', collectionId: id })
    expect((await app.entries.list()).rows).toEqual([listed])
    expect((await app.entries.list({ columns: ['title', 'content'] })).rows).toEqual([{ title: 'Soup', content }])
    expect((await app.collections.list({ columns: ['name'] })).rows).toEqual([{ name: '1' }])
  })

  it('gives the times that reading one gives, of every year, and refuses what no `Date` can hold', async () => {
    const app = openApp()
    const { collections, db, entries, schema } = app
    const { id: collectionId } = await collections.create({ name: '1' })
    const { id } = await entries.create({ title: 'Soup', collectionId })
    const lists = async () => {
      for (const order of ['asc', 'desc'] as const) {
        for (const sort of ['created', 'updated', 'title'] as const) {
          const { rows } = await entries.list({ sort, order, columns: ['id', 'createdAt', 'updatedAt'] })
          expect(rows).toEqual([await entries.get(id, { columns: ['id', 'createdAt', 'updatedAt'] })])
        }
        for (const sort of ['created', 'updated', 'name'] as const) {
          const { rows } = await collections.list({ sort, order })
          expect(rows).toEqual([await collections.get(collectionId)])
        }
      }
    }
    const times = ['0001-01-01 00:00:00+00', '0050-06-01 12:00:00.123456+00', '0099-12-31 23:59:59.999999+00']
    times.push('0044-03-15 00:00:00+00 BC', '9999-12-31 23:59:59+00', '12345-01-01 00:00:00+00')
    for (const time of times) {
      const at = { createdAt: sql`${time}::timestamptz`, updatedAt: sql`${time}::timestamptz` }
      await db.update(schema.entry).set(at)
      await db.update(schema.collection).set(at)
      await lists()
      const [first] = (await entries.list()).rows
      expect(Math.abs(first?.createdAt.getUTCFullYear() ?? 0)).toBe(
        time.endsWith('BC') ? 43 : Number(time.split('-')[0]),
      )
    }
    for (const never of ['infinity', '-infinity']) {
      await db.update(schema.entry).set({ createdAt: sql`${never}::timestamptz` })
      await expect(entries.list()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      await expect(entries.get(id)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
  })

  it('refuses the cursor of a list in another order', async () => {
    const app = openApp()
    const { id } = await app.collections.create({ name: '1' })
    for (const title of ['Soup', 'Stew']) await app.entries.create({ title, collectionId: id })
    const { nextCursor } = await app.entries.list({ limit: 1 })
    await expect(app.entries.list({ sort: 'updated', cursor: nextCursor })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    await expect(app.entries.list({ order: 'asc', cursor: nextCursor })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    const { rows } = await app.entries.list({ limit: 1, cursor: nextCursor })
    expect(rows).toMatchObject([{ title: 'Soup' }])
    // It does not have to be there any more.
    await app.db.delete(app.schema.entry).where(and(eq(app.schema.entry.title, 'Stew')))
    expect((await app.entries.list({ limit: 1, cursor: nextCursor })).rows).toEqual(rows)
  })
})
