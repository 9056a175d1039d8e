/** Values that do not come back from everywhere as they went in. */

/** Texts that something on the way could take for something else. */
export const awkwardTexts = [
  '',
  ' ',
  '\ufeff',
  '\ufeffmark',
  'a\ufeffb',
  'NUL\0',
  '\ud800',
  'a\udc00b',
  '🍲',
  'e\u0301',
  'NULL',
  '{}',
  '"',
  '\\',
  "'",
  '\r\n',
  '$1',
]

/** Dates at the ends of what JavaScript, Postgres and ISO 8601 know, and none. */
export const awkwardDates = [
  new Date(0),
  new Date(-1),
  yearOf(1),
  yearOf(50),
  yearOf(99),
  yearOf(0),
  yearOf(-43),
  yearOf(-4712),
  yearOf(-5000),
  yearOf(9999),
  yearOf(10_000),
  new Date(8.64e15),
  new Date(-8.64e15),
  new Date('2026-03-29T01:30:00Z'),
  new Date('2026-10-25T00:30:00.999Z'),
  new Date(Number.NaN),
]

/** A moment of a year, which may be one before Christ. */
export function yearOf(year: number): Date {
  const date = new Date(Date.UTC(2000, 0, 2, 3, 4, 5, 678))
  date.setUTCFullYear(year)
  return date
}
