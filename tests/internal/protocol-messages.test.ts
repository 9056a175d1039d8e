/** Messages written here are those that PGlite's own writer makes. */
import { protocol } from '@electric-sql/pglite'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bindWith, joinMessages } from '../../src/pglite/protocol-messages.ts'

const { serialize } = protocol
const bytes = fc.uint8Array({ maxLength: 20 })
const value = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 300 }),
  // Halves of surrogate pairs too.
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  bytes,
  bytes.map((all) => all.subarray(all.length >> 1)),
  bytes.map((all) => all.slice().buffer),
)

/** With U+FFFD for halves of pairs: PGlite's writer counts two of them as one, and cuts the text off. */
const wellFormed = <T>(given: T) =>
  typeof given === 'string'
    ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(given))
    : given

it('are the same for any parameters', () => {
  const behind = serialize.sync()
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
      fc.array(value, { maxLength: 12 }),
      (statement, values) => {
        const wanted = joinMessages([serialize.bind({ statement, values: values.map(wellFormed) }), behind])
        expect([...bindWith(statement, values, behind)]).toEqual([...wanted])
      },
    ),
    { numRuns: 500 },
  )
})
