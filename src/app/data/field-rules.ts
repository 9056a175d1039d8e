/** What each field may hold: one list for the repositories and for the schemas of forms. */
import { validate, version } from 'uuid'

/** Tells what is wrong with a value, in words that follow the field's name and never quote the value. */
export type FieldRule = (value: unknown) => string | undefined

/** The rules of a table's fields that callers may set. */
export type FieldRules = Readonly<Record<string, FieldRule>>

/** A key made elsewhere. One spelling only: keys are compared as text. */
const key: FieldRule = (value) => {
  const isKey = typeof value === 'string' && validate(value) && version(value) === 7 && value === value.toLowerCase()
  return isKey ? undefined : 'must be a UUID of version 7 in lower case, as createId() makes them'
}

// Of years before that JavaScript reads back others than Postgres writes ("0099" as 1999), and later ones not at all.
const [earliest, latest] = [Date.UTC(1000, 0), Date.UTC(10_000, 0)]

const instant: FieldRule = (value) => {
  const time = value instanceof Date ? timeOf(value) : Number.NaN
  return time >= earliest && time < latest ? undefined : 'must be a valid Date of the years 1000 to 9999'
}

/** What only passes for a Date, such as a proxy of one, has no time. */
function timeOf(value: Date): number {
  try {
    return Date.prototype.getTime.call(value)
  } catch {
    return Number.NaN
  }
}

/** The longest texts that fields take, in UTF-16 units, as `length` counts them. */
export const longestTexts = {
  collection: { name: 200, description: 2_000, color: 40, icon: 64 },
  settings: { sortBy: 50, sortOrder: 4, viewMode: 50 },
  // 32 Mi: while it is written, PGlite holds a row in memory several times over.
  entry: { title: 1_000, content: 33_554_432 },
} as const

/** The id of a user, made by whatever signs users in. */
export const userIdRule: FieldRule = text({ min: 1, max: 255 })

/** The id of a row, as it is looked up by: rows written without the repositories may have any. */
export const rowIdRule: FieldRule = text({ min: 1, max: 255 })

/** A text that rows are to hold. */
export const filterTextRule: FieldRule = text({ max: 65_536 })

/** Of a collection. */
export const collectionRules = {
  id: key,
  name: text({ min: 1, max: longestTexts.collection.name }),
  description: text({ max: longestTexts.collection.description }),
  // A CSS colour in hexadecimal, or a word: the name of a colour, or of one of the app's design tokens.
  color: text({
    max: longestTexts.collection.color,
    shape: /^(#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z][a-z0-9-]*)$/i,
    says: 'must be a colour such as "#1e90ff", or a word such as "teal" or "red-500"',
  }),
  icon: text({ max: longestTexts.collection.icon }),
  userId: userIdRule,
  createdAt: instant,
} satisfies FieldRules

const { name, description, color, icon } = collectionRules

/** Of a collection that is there already. */
export const collectionChangeRules = { name, description, color, icon } satisfies FieldRules

/** Of an entry. */
export const entryRules = {
  id: key,
  // May be empty: a note gets its title after it was made.
  title: text({ max: longestTexts.entry.title }),
  content: text({ max: longestTexts.entry.content }),
  collectionId: rowIdRule,
  createdAt: instant,
} satisfies FieldRules

const { title, content } = entryRules

/** Of an entry that is there already; `move` changes its collection. */
export const entryChangeRules = { title, content } satisfies FieldRules

/** Of a collection's settings. */
export const collectionSettingsRules = {
  sortBy: text({ max: longestTexts.settings.sortBy }),
  sortOrder: text({
    max: longestTexts.settings.sortOrder,
    shape: /^(asc|desc)$/,
    says: 'must be "asc" or "desc"',
  }),
  viewMode: text({ max: longestTexts.settings.viewMode }),
} satisfies FieldRules

interface TextLimits {
  readonly min?: number
  readonly max: number
  readonly shape?: RegExp
  /** What the shape asks for. */
  readonly says?: string
}

function text({ min = 0, max, shape, says }: TextLimits): FieldRule {
  return (value) => {
    if (typeof value !== 'string') return 'must be a text'
    if (value.length < min) return 'may not be empty'
    if (value.length > max) return `may have at most ${max.toLocaleString('en')} characters`
    // Postgres stores no NUL, and half a surrogate pair would silently become another character.
    if (/[\0\p{Surrogate}]/u.test(value)) return 'holds a NUL character (U+0000) or half of a surrogate pair'
    // PGlite drops it from whatever it reads, so what was written would not come back (pglite 0.5.16).
    if (value.startsWith('\ufeff')) return 'begins with a byte order mark (U+FEFF); leave it out'
    return shape && !shape.test(value) ? says : undefined
  }
}
