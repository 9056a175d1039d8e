/** What is shared of two results is the second one, made of the first one's objects. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shareRows } from '../../../src/app/live/share-rows.ts'

const key = fc.constantFrom('id', 'a', 'b', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '')
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(null, undefined, true, 0, -0, NaN, '', 'x', 1n, new Date(0), new Date(NaN)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(toObject),
  ),
}))

/** As `JSON.parse` makes them: a key `__proto__` is a key like others. */
function toObject(fields: readonly (readonly [string, unknown])[]): object {
  const object = {}
  for (const [name, value] of fields) {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return object
}

/** Everything that a value is, in a text: what prototype its objects have, own keys, negative zeros. */
function describeWhole(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describeWhole).join()}]`
  if (value instanceof Date) return `Date ${value.getTime()}`
  if (typeof value !== 'object' || value === null)
    return Object.is(value, -0) ? '-0' : `${typeof value} ${String(value)}`
  const isPlain = Object.getPrototypeOf(value) === Object.prototype
  const fields = Object.keys(value).map((name) => {
    return `${name}: ${describeWhole(Object.getOwnPropertyDescriptor(value, name)?.value)}`
  })
  return `${isPlain ? '' : 'other '}{${fields.join()}}`
}

it('is the newer result, whatever there was before, and leaves that as it was', () => {
  fc.assert(
    fc.property(value, value, (previous, next) => {
      const [before, expected] = [describeWhole(previous), describeWhole(next)]
      expect(describeWhole(shareRows(previous, next))).toBe(expected)
      expect([describeWhole(previous), describeWhole(next)]).toEqual([before, expected])
    }),
    { numRuns: 600 },
  )
})

it('is the former result itself, and each of its rows, when they are equal', () => {
  fc.assert(
    fc.property(value, (previous) => {
      expect(shareRows(previous, structuredClone(previous))).toBe(previous)
    }),
    { numRuns: 300 },
  )
})

it('keeps a row of a JSON column with a key of prototypes what it is', () => {
  const row = (json: string) => [{ id: '1', data: JSON.parse(json) as unknown }]
  const [first, second] = [row('{"__proto__":{"isAdmin":true},"a":1}'), row('{"__proto__":{"isAdmin":false},"a":1}')]
  const shared = shareRows(first, second)
  expect(JSON.stringify(shared)).toBe(JSON.stringify(second))
  expect((shared[0]?.data as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  expect(JSON.stringify(shareRows(row('{}'), first))).toBe(JSON.stringify(first))
})
