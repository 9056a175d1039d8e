/**
 * Values as they go to postgres.js: texts, numbers, booleans and `null`, which nothing that it does can make throw. What
 * depends on the type of the column, which the server tells only later, travels with all of its readings in one text; they are
 * apart by NUL, which no text of Postgres holds. So a column whose type has none of them refuses the statement, and the
 * server says so.
 */
import type { PostgresType } from 'postgres'
import { refuseWhatThrows, toPlainParameters } from '../../internal/plain-parameters.ts'
import type { PlainObject, PlainValue } from '../../internal/plain-parameters.ts'

/** A text that says of which type it is. */
export interface TypedText {
  readonly text: string
  /** Postgres' number of the type. */
  readonly type: number
}

/** A value as it goes to postgres.js, which makes a parameter of its own of one with a type. */
export type WireValue = string | number | bigint | boolean | null | TypedText

/** Postgres' numbers of types; see its catalog pg_type.dat. */
const types = { bytea: 17, timestamptz: 1184 } as const

const maxInt8 = 2n ** 63n - 1n

/**
 * Takes over the parameters of a statement.
 *
 * @throws TypystDbError `INVALID_INPUT` and `LIMIT_EXCEEDED`, as {@link toPlainParameters} does.
 */
export function toWireValues(params: readonly unknown[]): WireValue[] {
  const plain = toPlainParameters(params)
  return refuseWhatThrows(() => plain.map(toWireValue))
}

/** Whether a value says of which type it is. */
export function isTyped(value: WireValue): value is TypedText {
  return typeof value === 'object' && value !== null
}

/** Whether a value is bytes. */
export function isBytes(value: WireValue): boolean {
  return isTyped(value) && value.type === types.bytea
}

function toWireValue(value: PlainValue): WireValue {
  switch (typeof value) {
    case 'number':
      return Object.is(value, -0) ? numberText(value) : value
    case 'bigint':
      // postgres.js says of each that it is an int8. What is larger is for the server to judge.
      return value > maxInt8 || value < -maxInt8 ? String(value) : value
    case 'object':
      if (value === null) return null
      if (value instanceof Date) return { text: momentText(value), type: types.timestamptz }
      if (value instanceof Uint8Array) return { text: hexText(value), type: types.bytea }
      return withReadings(value)
    default:
      return value
  }
}

/** Where each reading stands between the NULs. */
const readingAt = { json: 1, array: 2, jsonArray: 3, text: 4 } as const

function withReadings(value: PlainObject | readonly PlainValue[]): string {
  const readings = isArray(value)
    ? [jsonText(value), arrayText(value), jsonArrayText(value), '']
    : [value.json, '', '', value.text]
  return ['', ...readings].join('\0')
}

/** Whether a value stands for several, of which a column may have none. */
export function hasReadings(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('\0')
}

/** Gives a parameter's reading for one kind of column. Gives what it has given the same again: a statement may be sent twice. */
function read(reading: keyof typeof readingAt): (value: unknown) => string {
  return (value) => {
    const text = String(value)
    if (!hasReadings(text)) return text
    const found = text.split('\0')[readingAt[reading]]
    return found === undefined || found === '' ? text : found
  }
}

/** How columns of JSON, of arrays, of arrays of JSON, of bytes, and of one value each are written. */
export const wireText = {
  json: read('json'),
  array: read('array'),
  jsonArray: read('jsonArray'),
  scalar: read('text'),
  bytes: bytesText,
} as const

/** Types of one value, beside those that are read in a way of their own. What is not among them takes plain values only. */
const scalarTypes = [19, 21, 23, 25, 26, 142, 650, 700, 701, 790, 829, 869, 1042, 1043, 1083, 1266, 1700, 2950]

/** What postgres.js takes as `types` to write columns of one value; how they are read stays. */
export const scalarTypesToWrite: Readonly<Record<string, PostgresType>> = Object.fromEntries(
  scalarTypes.map((type) => [
    `scalar${type}`,
    { to: type, from: [], serialize: wireText.scalar, parse: (value: unknown) => value },
  ]),
)

/** A value as JSON; empty where JSON has no place for it. */
function jsonText(value: PlainValue): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : ''
    case 'bigint':
      return ''
    case 'object':
      if (value === null || value instanceof Date) break
      if (value instanceof Uint8Array) return ''
      if (!isArray(value)) return value.json
      return listText(value.map(jsonText), '[', ']')
  }
  return JSON.stringify(value)
}

/** An array as Postgres writes it; empty where one of its elements has no text, or is an array that it would leave out. */
function arrayText(values: readonly PlainValue[]): string {
  return listText(values.map(elementText), '{', '}')
}

function elementText(value: PlainValue): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'object':
      if (value === null) return 'NULL'
      if (value instanceof Date) return quoted(momentText(value))
      if (value instanceof Uint8Array) return quoted(hexText(value))
      if (!isArray(value)) return value.text === '' ? '' : quoted(value.text)
      return value.length === 0 ? '' : arrayText(value)
    case 'number':
      return numberText(value)
    default:
      return String(value)
  }
}

/** An array of JSON: texts are JSON already, as they are in a column of it. */
function jsonArrayText(values: readonly PlainValue[]): string {
  const elements = values.map((value) => {
    if (value === null || typeof value !== 'object') return elementText(value)
    const json = jsonText(value)
    return json === '' ? '' : quoted(json)
  })
  return listText(elements, '{', '}')
}

function listText(elements: readonly string[], open: string, close: string): string {
  return elements.includes('') ? '' : `${open}${elements.join()}${close}`
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

/** JavaScript leaves the sign of zero out. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Years before the first are counted backwards, and those beyond 9999 have no sign: not as ISO 8601 has them. */
function momentText(moment: Date): string {
  const text = moment.toISOString()
  const year = moment.getUTCFullYear()
  if (year >= 1 && year <= 9999) return text
  const fromMonth = text.slice(text.indexOf('-', 1))
  return year < 1 ? `${String(1 - year).padStart(4, '0')}${fromMonth} BC` : `${year}${fromMonth}`
}

function hexText(bytes: Uint8Array<ArrayBuffer>): string {
  return `\\x${Buffer.from(bytes.buffer).toString('hex')}`
}

/** A text that is not written in Postgres' own way is its bytes in UTF-8; numbers and the like are none. */
function bytesText(value: unknown): string {
  if (typeof value !== 'string') return '\0'
  if (value.startsWith('\\x') || hasReadings(value)) return value
  return `\\x${Buffer.from(value).toString('hex')}`
}

function isArray(value: PlainObject | readonly PlainValue[]): value is readonly PlainValue[] {
  return Array.isArray(value)
}
