/**
 * What a row of an import may hold: the characters, lengths and times that the repositories take. Keys of any shape, empty
 * names and colours of any notation pass, because raw SQL may have written them and a backup has to come back.
 */
import { getTableColumns } from 'drizzle-orm'
import { longestTexts } from '../data/field-rules.ts'
import { tables } from './insert-rows.ts'
import type { RowJson, TableName } from './insert-rows.ts'

/** The longest text of each column; 255 where nothing else is said. */
const longest: Readonly<Record<TableName, ReadonlyMap<string, number>>> = {
  collection: new Map(Object.entries(longestTexts.collection)),
  settings: new Map(Object.entries(longestTexts.settings).map(([field, max]) => [toColumn('settings', field), max])),
  entry: new Map(Object.entries(longestTexts.entry)),
}
const longestKey = 255

/** Says what is wrong with a row, in words that follow what it is called, and never quotes a value. */
export function problemOf(table: TableName, row: RowJson): string | undefined {
  for (const { name, notNull, hasDefault, dataType } of Object.values(getTableColumns(tables[table]))) {
    const value = Object.hasOwn(row, name) ? (row[name] ?? null) : null
    if (value === null) {
      if (notNull && !hasDefault) return `has no "${name}"`
      continue
    }
    if (typeof value !== 'string') return `has a "${name}" that cannot be one`
    if (dataType === 'date') {
      if (!isInstant(value)) return `has a "${name}" that is no time of the years 1 to 9999`
      continue
    }
    const max = longest[table].get(name) ?? longestKey
    if (value === '' && (name === 'id' || name === 'collection_id')) return `has an empty "${name}"`
    if (value.length > max) return `has a "${name}" of more than ${max.toLocaleString('en')} characters`
    if (/[\0\p{Surrogate}]/u.test(value)) return `has a "${name}" with a NUL character or half of a surrogate pair`
  }
  return undefined
}

function toColumn(table: TableName, field: string): string {
  return getTableColumns(tables[table])[field]?.name ?? field
}

const written =
  /^(\d{4}-\d\d-\d\d)T((?:[01]\d|2[0-3])(?::[0-5]\d){2})(?:\.\d{1,6})?(?:Z|([+-])(0\d|1[0-5])(?::([0-5]\d))?(?::([0-5]\d))?)?$/
const [firstInstant, endOfInstants] = [Date.parse('0001-01-01T00:00:00Z'), Date.UTC(10_000, 0)]

/** Whether a text is an instant as Postgres writes it in JSON, of a day that there is, which a `Date` can hold. */
function isInstant(text: string): boolean {
  const [, day = '', time = '', sign = '+', ...offset] = written.exec(text) ?? []
  const date = new Date(`${day}T${time}Z`)
  // A day that there is not becomes one of another month, or none.
  if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(day)) return false
  const [hours = 0, minutes = 0, seconds = 0] = offset.map((part: string | undefined) => Number(part ?? 0))
  const ahead = ((hours * 60 + minutes) * 60 + seconds) * 1000
  const instant = date.getTime() + (sign === '-' ? ahead : -ahead)
  return instant >= firstInstant && instant < endOfInstants
}
