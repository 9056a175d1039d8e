/** Dates of JavaScript and moments of Postgres, of every year that both know. JavaScript reads year 50 as 1950, and no BC. */
import { TypystDbError } from '../errors.ts'

const momentText =
  /^(?<year>\d{4,6})-(?<month>\d\d)-(?<day>\d\d)(?:[ T](?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?:\.(?<fraction>\d{1,6}))?(?<zone>Z|(?<sign>[+-])(?<zoneHour>\d\d)(?::?(?<zoneMinute>\d\d)(?::?(?<zoneSecond>\d\d))?)?)?)?(?<bc> BC)?$/

/** What Postgres writes most in a session in UTC, which is all but the form that JavaScript reads by itself. */
const utcText = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/

/**
 * Reads what Postgres writes for a date or a timestamp; without an offset it is one of UTC. Microseconds are cut off, which a
 * `Date` cannot hold.
 *
 * @returns Nothing for what no `Date` can hold, such as `infinity`.
 */
export function parseMoment(text: string): Date | undefined {
  // Twice as fast as taking it apart.
  if (utcText.test(text)) return new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`)
  const parts = momentText.exec(text)?.groups
  if (!parts) return undefined
  const number = (name: string): number => Number(parts[name] ?? 0)
  const year = number('year')
  const offset = (number('zoneHour') * 60 + number('zoneMinute')) * 60 + number('zoneSecond')
  const milliseconds = Number((parts['fraction'] ?? '').padEnd(3, '0').slice(0, 3))
  const date = new Date(0)
  date.setUTCFullYear(parts['bc'] === undefined ? year : 1 - year, number('month') - 1, number('day'))
  date.setUTCHours(
    number('hour'),
    number('minute'),
    number('second') - (parts['sign'] === '-' ? -offset : offset),
    milliseconds,
  )
  return Number.isNaN(date.getTime()) ? undefined : date
}

/**
 * Reads the same.
 *
 * @throws TypystDbError `INVALID_INPUT` for what no `Date` can hold.
 */
export function readMoment(text: string): Date {
  const date = parseMoment(text)
  if (date) return date
  throw new TypystDbError(
    'INVALID_INPUT',
    'A moment in the database is none that a `Date` can hold, such as infinity. Read it with `mode: "string"`.',
  )
}

/**
 * Writes a date as Postgres reads it.
 *
 * @throws RangeError for an invalid date.
 */
export function formatMoment(date: Date): string {
  const iso = date.toISOString()
  const year = date.getUTCFullYear()
  // The usual years are written alike.
  if (year > 0 && year < 10_000) return iso
  const rest = iso.slice(iso.indexOf('-', 1))
  const era = year > 0 ? '' : ' BC'
  return `${String(year > 0 ? year : 1 - year).padStart(4, '0')}${rest}${era}`
}
