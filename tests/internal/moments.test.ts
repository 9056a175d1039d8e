/** Moments as Postgres writes them: the common form, which is read by itself, means what the general one does. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseMoment } from '../../src/internal/moments.ts'

const twoDigits = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((value) => String(value).padStart(2, '0'))
const moment = fc.record({
  year: fc.integer({ min: 0, max: 9999 }).map((year) => String(year).padStart(4, '0')),
  month: twoDigits(1, 12),
  day: twoDigits(1, 28),
  time: fc.tuple(twoDigits(0, 23), twoDigits(0, 59), twoDigits(0, 59)).map((parts) => parts.join(':')),
  fraction: fc.option(fc.stringMatching(/^[0-9]{1,6}$/), { nil: '' }),
})

it('reads what ends with +00 as what ends with +00:00', () => {
  fc.assert(
    fc.property(moment, ({ year, month, day, time, fraction }) => {
      const text = `${year}-${month}-${day} ${time}${fraction && `.${fraction}`}`
      const read = parseMoment(`${text}+00`)
      expect(read).toEqual(parseMoment(`${text}+00:00`))
      const milliseconds = fraction.padEnd(3, '0').slice(0, 3)
      expect(read?.toISOString()).toBe(`${year}-${month}-${day}T${time}.${milliseconds}Z`)
    }),
    { numRuns: 2000 },
  )
})

it.each(['2026-1a-02 03:04:05+00', '2026-01-02 03:04:05.+00', '2026-01-02 03:04:05.1x+00', '2026-01-02T03:04+0x', ''])(
  'refuses %s',
  (text) => {
    expect(parseMoment(text)).toBeUndefined()
  },
)
