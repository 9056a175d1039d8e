/** The readers that rules of calls are made of. */
import { refuse } from './check-arguments.ts'
import type { Place, Reader } from './check-arguments.ts'

/** Tells what is wrong with a value, in words that follow its name and never quote the value. */
export type Rule = (value: unknown) => string | undefined

/** Takes what a rule has nothing against. */
export function fits(rule: Rule): Reader {
  return (value, place) => {
    const problem = rule(value)
    return problem === undefined ? value : refuse(place, value === undefined ? 'is missing' : problem)
  }
}

const isOf = (type: string, words: string): Reader =>
  fits((value) => (typeof value === type ? undefined : `must be ${words}`))

/** Any text. */
export const text: Reader = isOf('string', 'a text')

const halfOfPair = /\p{Surrogate}/u

/** A text that UTF-8 can write. */
export const wholeText: Reader = fits((value) => {
  if (typeof value !== 'string') return 'must be a text'
  return halfOfPair.test(value) ? 'must be a text of whole characters' : undefined
})

/** Anything but texts that UTF-8 cannot write, also in arrays; JSON writes those in objects in a way of its own. */
export const storable: Reader = (value, place) => {
  if (typeof value === 'string') return wholeText(value, place)
  if (Array.isArray(value)) for (const member of value) storable(member, place)
  return value
}
/** True or false. */
export const flag: Reader = isOf('boolean', 'true or false')
/** A function. */
export const callback: Reader = isOf('function', 'a function')

/** A whole number. */
export function whole(least: number, most: number): Reader {
  const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`
  return fits((value) =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `must be a whole number ${range}`,
  )
}

/** A number that is one. */
export const number: Reader = fits((value) => (Number.isFinite(value) ? undefined : 'must be a number'))

/** A duration in milliseconds; timers take no longer ones than this, which is 24 days. */
export const milliseconds: Reader = whole(1, 2_147_483_647)

/** A date that is one. */
export const date: Reader = fits((value) =>
  value instanceof Date && !Number.isNaN(Date.prototype.getTime.call(value)) ? undefined : 'must be a valid Date',
)

/** One of some texts. */
export function oneOf(...allowed: readonly string[]): Reader {
  return fits((value) => (allowed.some((each) => each === value) ? undefined : `must be one of ${allowed.join(', ')}`))
}

/** What has these methods. */
export function having(...methods: readonly string[]): Reader {
  return fits((value) => {
    const isOne =
      ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
      methods.every((method) => typeof Reflect.get(value, method) === 'function')
    return isOne ? undefined : `must have ${methods.join(', ')}`
  })
}

/** An object to be passed on as it is, whatever it holds. */
export const anObject: Reader = (value, place) => {
  // Read once through, so that one that cannot be read is refused here.
  Object.values(requireObject(value, place))
  return value
}

/** Bytes. */
export const bytes: Reader = fits((value) => (ArrayBuffer.isView(value) ? undefined : 'must be bytes'))

/** Anything. */
export const anything: Reader = (value) => value

/** Also `undefined`. */
export function optional(reader: Reader): Reader {
  return (value, place) => (value === undefined ? undefined : reader(value, place))
}

/** Also `null`. */
export function nullable(reader: Reader): Reader {
  return (value, place) => (value === null ? null : reader(value, place))
}

/** A function, or what another reader takes. */
export function callbackOr(reader: Reader): Reader {
  return (value, place) => (typeof value === 'function' ? value : reader(value, place))
}

/** The strings of a tagged template: without them, text would pass for SQL and its values with it. */
export const templateStrings: Reader = (value, place) => {
  return isTemplate(value) ? value : refuse(place, 'must be a template. Write it as sql`select ${value}`')
}

function isTemplate(value: unknown): boolean {
  return Array.isArray(value) && Array.isArray(Reflect.get(value, 'raw'))
}

/** A text, or what another reader takes. */
export function textOr(asText: Reader, otherwise: Reader): Reader {
  return (value, place) => (typeof value === 'string' ? asText : otherwise)(value, place)
}

/** The most members that a list of arguments has. */
const mostMembers = 1_000_000

/** An array, each of whose members another reader takes. */
export function listOf(reader: Reader): Reader {
  return (value, place) => {
    if (!Array.isArray(value)) return refuse(place, value === undefined ? 'is missing' : 'must be an array')
    if (value.length > mostMembers) return refuse(place, 'has too many members')
    const each: Place = { ...place, name: `A member of ${place.name}` }
    return Array.from<unknown, unknown>(value, (member) => reader(member, each))
  }
}

/** What can be iterated, except a text, with all of its members. */
export function membersOf(reader: Reader): Reader {
  return (value, place) => {
    if (typeof value !== 'object' || value === null || !isIterable(value)) return refuse(place, 'must be iterable')
    const members: unknown[] = []
    for (const member of value) {
      if (members.push(member) > mostMembers) return refuse(place, 'has too many members')
    }
    return listOf(reader)(members, place)
  }
}

/** What can be iterated, at once or bit by bit, except a text. */
export const iterable: Reader = (value, place) => {
  const isOne = typeof value === 'object' && value !== null && (isIterable(value) || Symbol.asyncIterator in value)
  return isOne ? value : refuse(place, 'must be iterable')
}

/** A reader for every field of a type: one that is missing does not compile. */
export type Readers<T> = { readonly [Key in keyof T & string]-?: Reader }

/** An object with these fields and no others; each may be left out, except those that are `required`. */
export function record<T>(fields: Readers<T>, required: readonly (keyof T & string)[] = []): Reader {
  return (value, place) => copyFields(fields, required, value, place)
}

/** The same for options: a wrong one is `INVALID_OPTIONS`. */
export function options<T>(fields: Readers<T>, required: readonly (keyof T & string)[] = []): Reader {
  return (value, place) =>
    copyFields(fields, required, requireObject(value, place), { ...place, code: 'INVALID_OPTIONS' })
}

/** An object of which these fields are read, and no others; what is not there is `undefined` to its reader. */
export function fieldsOf<T>(fields: Readers<T>): Reader {
  const readers = Object.entries<Reader>(fields)
  return (value, place) => {
    const source = requireObject(value, place)
    const copy: Record<string, unknown> = {}
    for (const [name, reader] of readers) {
      const field = reader(Reflect.get(source, name), within(name, place))
      if (field !== undefined) copy[name] = field
    }
    return copy
  }
}

/** An object whose fields, whatever their names, another reader takes. */
export function mapOf(reader: Reader): Reader {
  return (value, place) => {
    const each: Place = { ...place, name: `A field of ${place.name}` }
    return Object.fromEntries(
      Object.entries(requireObject(value, place)).map(([name, field]) => [name, reader(field, each)]),
    )
  }
}

function copyFields(
  fields: Readonly<Record<string, Reader>>,
  required: readonly string[],
  value: unknown,
  place: Place,
): Record<string, unknown> {
  const source = requireObject(value, place)
  const copy: Record<string, unknown> = {}
  for (const [name, reader] of Object.entries(fields)) {
    const field: unknown = Reflect.get(source, name)
    if (field !== undefined) copy[name] = reader(field, within(name, place))
    else if (required.includes(name)) refuse(within(name, place), 'is missing')
  }
  for (const name of Object.keys(source)) {
    if (Object.hasOwn(fields, name) || Reflect.get(source, name) === undefined) continue
    refuse(place, `holds something that is not known here. It knows ${Object.keys(fields).join(', ')}`)
  }
  return copy
}

/** An object that is made of fields: no array, no date, no map. */
function requireObject(value: unknown, place: Place): object {
  // What `import * as schema` gives is an object too.
  const kind = typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : ''
  if (kind === '[object Object]' || kind === '[object Module]') return Object(value) as object
  return refuse(place, value === undefined ? 'is missing' : 'must be an object')
}

function within(name: string, place: Place): Place {
  return { ...place, name: `\`${name}\` in ${place.name}` }
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value && !(value instanceof String)
}
