/** Bytes looked through four at a time, beside one at a time, wherever in memory they lie. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changedRange, isZero, withoutTrailingZeros } from '../../../src/app/storage/bytes.ts'

/** Mostly zeros, at any place in a buffer. */
const anywhere = fc
  .tuple(fc.array(fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(255)), { maxLength: 40 }), fc.nat(9))
  .map(([values, offset]) => {
    const bytes = new Uint8Array(new ArrayBuffer(values.length + offset + 3), offset, values.length)
    bytes.set(values)
    return bytes
  })

describe('zeros', () => {
  it('are found as one by one', () => {
    fc.assert(
      fc.property(anywhere, (bytes) => {
        const plain = [...bytes]
        expect(isZero(bytes)).toBe(plain.every((byte) => byte === 0))
        expect([...withoutTrailingZeros(bytes)]).toEqual(plain.slice(0, plain.findLastIndex((byte) => byte !== 0) + 1))
      }),
    )
  })
})

describe('what changed in a page', () => {
  it('begins and ends with a byte that differs, and holds all that do', () => {
    fc.assert(
      fc.property(
        anywhere,
        fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 3 }),
        fc.nat(9),
        (before, writes, more) => {
          const after = new Uint8Array(before.length + more)
          after.set(before)
          for (const [at, byte] of writes) if (at < after.length) after[at] = byte
          const differing = [...after.keys()].filter((at) => before[at] !== after[at])
          const [from, to] = changedRange(before, after)
          expect(to - from).toBe(differing.length === 0 ? 0 : (differing.at(-1) ?? 0) - (differing[0] ?? 0) + 1)
          if (differing.length > 0) expect(from).toBe(differing[0])
        },
      ),
    )
  })
})
