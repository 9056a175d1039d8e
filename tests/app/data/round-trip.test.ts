/** What goes through the repositories and through an export comes back as it went in, or is refused and changes nothing. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AppDatabase } from '../../../src/app/index.ts'
import { createTestAppDatabase } from '../../../src/testing/index.ts'
import { awkwardDates, awkwardTexts } from '../../support/awkward-values.ts'
import { isLong } from '../../support/rounds.ts'
import { useAppDatabase } from './open-app.ts'

const openApp = useAppDatabase()
const runs = { numRuns: isLong ? 500 : 12 }

let target: AppDatabase
beforeAll(async () => {
  target = await createTestAppDatabase()
})
afterAll(() => target.close())

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(...awkwardTexts),
)
const date = fc.oneof(fc.date({ noInvalidDate: false }), fc.constantFrom(...awkwardDates))
const userId = fc.constantFrom(undefined, 'ada', '🍲')

/** What was made, or nothing for what is refused as it has to be. */
async function made<T>(attempt: Promise<T>): Promise<T | undefined> {
  return attempt.catch((cause: unknown) => {
    expect(cause).toMatchObject({ code: 'INVALID_INPUT' })
    return undefined
  })
}

/** Holds that an export of all rows, imported elsewhere, are the same rows. */
async function expectSameAfterImport(app: AppDatabase): Promise<void> {
  await target.db.delete(target.schema.collection)
  await target.transfer.importData(await new Response(await app.transfer.exportData()).blob())
  for (const table of ['collection', 'collectionSettings', 'entry'] as const) {
    expect(await target.db.select().from(target.schema[table])).toEqual(await app.db.select().from(app.schema[table]))
  }
}

it('an entry', async () => {
  const app = openApp()
  const { collections, entries } = app
  const { id: collectionId } = await collections.create({ name: 'c' })
  const values = fc.record({ title: text, content: fc.option(text), createdAt: date }, { noNullPrototype: true })
  const changes = fc.record({ title: text, content: fc.option(text) }, { requiredKeys: [], noNullPrototype: true })
  await fc.assert(
    fc.asyncProperty(values, changes, async (given, changed) => {
      await app.db.delete(app.schema.entry)
      const created = await made(entries.create({ ...given, collectionId }))
      if (!created) {
        expect(await entries.count()).toBe(0)
        return
      }
      expect(created).toMatchObject(given)
      const updated = (await made(entries.update(created.id, changed))) ?? created
      if (updated !== created) expect(updated).toEqual({ ...created, ...changed, updatedAt: updated.updatedAt })
      expect(await entries.get(created.id)).toEqual(updated)
      const columns = [
        'id',
        'title',
        'content',
        'collectionId',
        'userId',
        'createdAt',
        'updatedAt',
        'deletedAt',
      ] as const
      for (const sort of ['created', 'updated', 'title'] as const) {
        expect((await entries.list({ sort, columns })).rows).toEqual([updated])
      }
      await expectSameAfterImport(app)
    }),
    runs,
  )
})

it('a collection and its settings', async () => {
  const app = openApp()
  const { collections, settings } = app
  const values = fc.record(
    { name: text, description: fc.option(text), icon: fc.option(text), createdAt: date, userId },
    { noNullPrototype: true },
  )
  const shown = fc.record({ sortBy: fc.option(text), viewMode: fc.option(text) }, { noNullPrototype: true })
  await fc.assert(
    fc.asyncProperty(values, shown, async (given, look) => {
      await app.db.delete(app.schema.collection)
      const created = await made(collections.create(given))
      if (!created) {
        expect(await collections.count()).toBe(0)
        return
      }
      expect(created).toMatchObject({ ...given, userId: given.userId ?? null })
      expect(await collections.get(created.id)).toEqual(created)
      for (const sort of ['created', 'updated', 'name'] as const) {
        expect((await collections.list({ sort })).rows).toEqual([created])
      }
      const set = await made(settings.upsert(created.id, look))
      if (set) expect(set).toMatchObject(look)
      expect(await settings.get(created.id)).toEqual(set)
      await expectSameAfterImport(app)
    }),
    runs,
  )
})
