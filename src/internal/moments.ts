/** Dates of JavaScript and moments of Postgres, of every year that both know. JavaScript reads year 50 as 1950, and no BC. */

const momentText =
  /^(?<year>\d{4,6})-(?<month>\d\d)-(?<day>\d\d)(?:[ T](?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?:\.(?<fraction>\d{1,6}))?(?<zone>Z|(?<sign>[+-])(?<zoneHour>\d\d)(?::?(?<zoneMinute>\d\d)(?::?(?<zoneSecond>\d\d))?)?)?)?(?<bc> BC)?$/

/** What Postgres writes most, `2026-11-29 03:18:11.123456+00` of a year of four digits, in a fifth of the time. */
function parseUtc(text: string): Date | undefined {
  const zoneAt = text.length - 3
  if (zoneAt < 19 || zoneAt > 26 || !text.endsWith('+00') || text[4] !== '-' || text[7] !== '-' || text[10] !== ' ')
    return undefined
  if (text[13] !== ':' || text[16] !== ':' || (zoneAt !== 19 && (zoneAt === 20 || text[19] !== '.'))) return undefined
  let milliseconds = 0
  for (let at = 20, unit = 100; at < zoneAt; at += 1, unit /= 10) {
    const digit = digitAt(text, at)
    milliseconds += at < 23 ? digit * unit : digit * 0
  }
  const year = twoDigitsAt(text, 0) * 100 + twoDigitsAt(text, 2)
  // `Date.UTC` takes a year of two digits for one of the twentieth century.
  if (year < 100) return undefined
  const time = Date.UTC(
    year,
    twoDigitsAt(text, 5) - 1,
    twoDigitsAt(text, 8),
    twoDigitsAt(text, 11),
    twoDigitsAt(text, 14),
    twoDigitsAt(text, 17),
    milliseconds,
  )
  return Number.isNaN(time) ? undefined : new Date(time)
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - zero
  return digit >= 0 && digit <= 9 ? digit : Number.NaN
}

const zero = '0'.charCodeAt(0)
const twoDigitsAt = (text: string, at: number): number => digitAt(text, at) * 10 + digitAt(text, at + 1)

/**
 * Reads what Postgres writes for a date or a timestamp; without an offset it is one of UTC. Microseconds are cut off, which a
 * `Date` cannot hold.
 *
 * @returns Nothing for what no `Date` can hold, such as `infinity`.
 */
export function parseMoment(text: string): Date | undefined {
  const common = parseUtc(text)
  if (common) return common
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
