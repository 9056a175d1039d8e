/** What the repositories refuse, and that the schemas for forms refuse the same. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createId } from '../../../src/app/index.ts'
import { checkValues } from '../../../src/app/data/check-values.ts'
import {
  collectionChangeRules,
  collectionRules,
  collectionSettingsRules,
  entryChangeRules,
  entryRules,
} from '../../../src/app/data/field-rules.ts'
import type { FieldRule } from '../../../src/app/data/field-rules.ts'
import {
  collectionInsertSchema,
  collectionSettingsSchema,
  collectionUpdateSchema,
  entryInsertSchema,
  entryUpdateSchema,
} from '../../../src/app/validation/index.ts'
import { collection, collectionSettings, entry } from '../../../src/schema/app.ts'
import { failureOf, secret } from '../../support/leaks.ts'
import { useAppDatabase } from './open-app.ts'

const openApp = useAppDatabase()
const id = createId()

const pairs = {
  'a new collection': { schema: collectionInsertSchema, table: collection, rules: collectionRules, required: ['name'] },
  'a changed collection': { schema: collectionUpdateSchema, table: collection, rules: collectionChangeRules },
  'a new entry': { schema: entryInsertSchema, table: entry, rules: entryRules, required: ['title', 'collectionId'] },
  'a changed entry': { schema: entryUpdateSchema, table: entry, rules: entryChangeRules },
  settings: { schema: collectionSettingsSchema, table: collectionSettings, rules: collectionSettingsRules },
}

const anyValue = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('', '#fff', '#12345', '#1E90FF80', 'red-500', '5red', 'asc', 'desc', 'down', id),
  },
  fc.constantFrom('a\0b', '\ud800', '\ufeffa', '🍲', id.toUpperCase(), '6f1a3b1e-8f0a-4c3e-9d2a-0b1c2d3e4f5a'),
  fc
    .constantFrom(4, 40, 41, 50, 51, 64, 65, 200, 201, 255, 256, 1000, 1001, 2000, 2001)
    .map((length) => 'x'.repeat(length)),
  fc.constantFrom(null, undefined, 42, true, {}, [], new Date(), new Date(Number.NaN)),
)

it.each(Object.entries(pairs))('a schema and the repositories agree on %s', (_, { schema, table, rules, ...rest }) => {
  const required = 'required' in rest ? rest.required : []
  const fields: Record<string, FieldRule> = rules
  const values = fc.record(Object.fromEntries(Object.keys(fields).map((field) => [field, anyValue])), {
    requiredKeys: [],
  })
  // Most random rows have several mistakes; these have one at most.
  const oneField = fc.tuple(fc.constantFrom(...Object.keys(fields)), anyValue)
  const valid = { name: 'Recipes', title: 'Soup', collectionId: 'c' }
  const rows = fc.oneof(
    values,
    oneField.map(([field, value]) => ({ ...valid, [field]: value })),
  )
  fc.assert(
    fc.property(rows, (row) => {
      const result = schema['~standard'].validate(row)
      const problem = problemOf(() => checkValues(table, fields, row, required))
      const [first] = result.issues ?? []
      expect(problem === undefined).toBe(first === undefined)
      if (first) {
        expect(problem).toContain(`\`${String(first.path)}\` of a row`)
        expect(problem).toContain(first.message.replace(/^This |\.$/g, ''))
      }
    }),
    { numRuns: 1_000 },
  )
})

it('what a schema lets pass, the database keeps as it is', async () => {
  const { collections, entries } = openApp()
  const { id: collectionId } = await collections.create({ name: 'x' })
  const text = fc.string({ unit: 'binary', maxLength: 100 })
  const row = fc.record({ title: text, content: fc.option(text), createdAt: fc.date() }, { requiredKeys: ['title'] })
  await fc.assert(
    fc.asyncProperty(row, async (values) => {
      const result = entryInsertSchema['~standard'].validate({ ...values, collectionId })
      if (result.issues) return
      expect(await entries.create(result.value)).toMatchObject(values)
    }),
    { numRuns: 200 },
  )
})

it("leaves out what is not a caller's to set", () => {
  const row = { title: 'Soup', collectionId: 'c', userId: 'eve', updatedAt: new Date(), deletedAt: null }
  expect(entryInsertSchema['~standard'].validate(row)).toEqual({ value: { title: 'Soup', collectionId: 'c' } })
})

describe('a repository', () => {
  it.each([
    ['name', () => openApp().collections.create({ name: '' })],
    ['name', () => openApp().collections.create({ name: secret.repeat(20) })],
    ['name', () => openApp().collections.create({ name: null as unknown as string })], // What JavaScript lets a caller pass.
    ['name', () => openApp().collections.create({} as { name: string })],
    ['id', () => openApp().collections.create({ id: secret, name: 'x' })],
    ['id', () => openApp().collections.upsert({ id: secret, name: 'x' })],
    ['id', () => openApp().collections.upsert({ name: 'x' } as { id: string; name: string })],
    ['color', () => openApp().collections.create({ name: 'x', color: `${secret}!` })],
    ['color', () => openApp().collections.update(id, { color: `#${secret}` })],
    ['userId', () => openApp().collections.create({ name: 'x', userId: '' })],
    ['createdAt', () => openApp().collections.create({ name: 'x', createdAt: new Date(Number.NaN) })],
    ['description', () => openApp().collections.duplicate(id, { description: `${secret}\0` })],
    ['title', () => openApp().entries.create({ title: `${secret}\ud800`, collectionId: id })],
    ['title', () => openApp().entries.update(id, { title: secret.repeat(100) })],
    ['content', () => openApp().entries.update(id, { content: 42 as unknown as string })], // What JavaScript lets a caller pass.
    ['content', () => openApp().entries.duplicate(id, { content: `${secret}\0` })],
    ['collectionId', () => openApp().entries.create({ title: 'x' } as { title: string; collectionId: string })],
    ['collectionId', () => openApp().entries.move(id, { to: '' })],
    ['id', () => openApp().entries.get(undefined as unknown as string)], // What JavaScript lets a caller pass.
    ['sortOrder', () => openApp().settings.upsert(id, { sortOrder: secret as 'asc' })],
    ['viewMode', () => openApp().settings.upsert(id, { viewMode: secret.repeat(5) })],
    ['olderThanMs', () => openApp().entries.emptyTrash({ olderThanMs: -1 })],
    ['olderThanMs', () => openApp().collections.emptyTrash({ olderThanMs: Number.NaN })],
    ['limit', () => openApp().entries.list({ limit: 0 })],
    ['limit', () => openApp().entries.list({ limit: 1.5 })],
    ['sort', () => openApp().entries.list({ sort: secret as 'title' })],
    ['sort', () => openApp().entries.list({ sort: 'toString' as 'title' })],
    ['order', () => openApp().entries.list({ order: secret as 'asc' })],
    ['cursor', () => openApp().entries.list({ cursor: secret })],
    ['cursor', () => openApp().entries.list({ cursor: btoa('{}') })],
    ['columns', () => openApp().entries.list({ columns: [secret as 'id'] })],
    ['columns', () => openApp().collections.get(id, { columns: ['toString' as 'id'] })],
  ])('refuses a wrong %s and names it, not the value', async (field, attempt) => {
    const error = await failureOf(attempt)
    expect(error.code).toBe('INVALID_INPUT')
    expect(error.message).toContain(`\`${field}\``)
  })

  it('holds an entry of a megabyte', async () => {
    const { collections, entries } = openApp()
    const { id: collectionId } = await collections.create({ name: 'x' })
    const long = 'word '.repeat(200_000)
    const created = await entries.create({ title: 'x', content: long, collectionId })
    expect((await entries.get(created.id, { columns: ['content'] }))?.content).toBe(long)
  })
})

function problemOf(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return String(error)
  }
}
