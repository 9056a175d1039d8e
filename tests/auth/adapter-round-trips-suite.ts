/** What goes through the Better Auth adapter comes back as it went in, or is refused and changes nothing. */
import type { BetterAuthOptions } from 'better-auth'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { defineAuthSchema } from '../../src/auth/index.ts'
import { awkwardDates, awkwardTexts } from '../support/awkward-values.ts'
import { isLong } from '../support/rounds.ts'
import type { OpenWithSchema } from './services-suite.ts'

const options = {
  user: {
    additionalFields: {
      born: { type: 'date', required: false },
      score: { type: 'number', required: false },
      steps: { type: 'number', bigint: true, required: false },
      words: { type: 'string[]', required: false },
      marks: { type: 'number[]', bigint: true, required: false },
      metadata: { type: 'json', required: false },
      isKnown: { type: 'boolean', required: false },
    },
  },
} as const satisfies BetterAuthOptions

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom(...awkwardTexts))
const date = fc.oneof(fc.date({ noInvalidDate: false }), fc.constantFrom(...awkwardDates))
const whole = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(0, 0.5, 2 ** 53 + 2, Number.NaN, Infinity))
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('q', '"q"', '{"a":1}', 'null', { deep: [Number.NaN] }, new Map([['a', 1]]), new Uint8Array([1])),
)

/** A property that is left out, one that is `null`, or a value. */
const fields = fc.record(
  {
    name: text,
    image: fc.option(text),
    born: fc.option(date),
    score: fc.option(whole),
    steps: fc.option(whole),
    words: fc.option(fc.array(text, { maxLength: 4 })),
    marks: fc.option(fc.array(whole, { maxLength: 4 })),
    metadata: json,
    isKnown: fc.option(fc.boolean()),
  },
  { requiredKeys: ['name'], noNullPrototype: true },
)

/** Runs the suite. */
export function testAdapterRoundTrips(open: OpenWithSchema): void {
  it('fields of every type', async () => {
    await using authDb = await open(defineAuthSchema(options))
    const adapter = authDb.adapter(options)
    const model = 'user'
    let number = 0
    await fc.assert(
      fc.asyncProperty(fields, fields, async (given, changes) => {
        const email = `${(number += 1)}@example.com`
        const where = [{ field: 'email', value: email }]
        const times = { createdAt: new Date(0), updatedAt: new Date(0) }
        const find = () => adapter.findOne<Record<string, unknown>>({ model, where })
        const data = { email, emailVerified: false, ...times, ...given }
        const created = await made(adapter.create<Record<string, unknown>>({ model, data }))
        if (!created) {
          expect(await find()).toBeNull()
          return
        }
        expect(created).toMatchObject(withOneZero(given) as object)
        expect(await find()).toEqual(created)
        const updated = (await made(adapter.update({ model, where, update: changes }))) ?? created
        if (updated !== created) expect(updated).toMatchObject(withOneZero(changes) as object)
        expect(await adapter.findMany({ model, where })).toEqual([updated])
      }),
      { numRuns: isLong ? 1_000 : 60 },
    )
  })
}

/** Whole numbers and JSON know one zero. */
function withOneZero(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOneZero)
  if (value instanceof Date || typeof value !== 'object' || value === null) return value === 0 ? 0 : value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withOneZero(part)]))
}

async function made<T>(attempt: Promise<T>): Promise<T | undefined> {
  return attempt.catch((cause: unknown) => {
    expect(cause).toMatchObject({ code: 'INVALID_INPUT' })
    return undefined
  })
}
