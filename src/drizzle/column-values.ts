/**
 * What columns write and read, where Drizzle's own would silently make another value of it: years before 100, numbers beyond
 * 2^53, texts in JSON that look like JSON, missing elements of arrays. A value comes back as it went in, or is refused.
 */
import { Column, is, SQL, Subquery } from 'drizzle-orm'
import type { DriverValueDecoder, DriverValueEncoder } from 'drizzle-orm'
import { PgArray, PgCustomColumn } from 'drizzle-orm/pg-core'
import { makePgArray } from 'drizzle-orm/pg-core/utils'
import { TypystDbError } from '../errors.ts'
import { formatMoment, readMoment } from '../internal/moments.ts'
import { typeNameOf } from './nested-values.ts'
import { parseArrayText } from './parse-array-text.ts'

type Encode = (value: unknown) => unknown
type Decode = (value: unknown) => unknown

/** Ways to write a value, by what Drizzle calls the type of the column. */
const encoders: Readonly<Record<string, Encode>> = {
  PgTimestamp: (value) => (value instanceof Date ? formatMoment(value) : byItself),
  PgDate: (value) => (value instanceof Date ? formatMoment(value) : byItself),
  PgBigInt53: exactInteger,
  PgBigSerial53: exactInteger,
  PgNumericNumber: exactInteger,
  PgDoublePrecision: signed,
  PgReal: signed,
  PgPointTuple: signedPlace,
  PgPointObject: signedPlace,
  PgLine: signedPlace,
  PgLineABC: signedPlace,
  PgJson: checkedJson,
  PgJsonb: checkedJson,
}

/** The same for reading. JSON comes parsed; Drizzle would parse a text in it once more. */
const decoders: Readonly<Record<string, Decode>> = {
  PgTimestamp: toDate,
  PgDate: toDate,
  PgBigInt53: toExactNumber,
  PgBigSerial53: toExactNumber,
  PgBigInt64: toBigInt,
  PgBigSerial64: toBigInt,
  PgNumericNumber: toExactNumber,
  PgNumericBigInt: toBigInt,
  PgJson: (value) => value,
  PgJsonb: (value) => value,
}

/** How connections read what Postgres writes, where that is not its text: columns of a consumer's own expect the same in JSON. */
const textReaders: Readonly<Record<string, (text: string) => unknown>> = {
  bytea: readBytes,
  ...Object.fromEntries(['bigint', 'int8', 'bigserial', 'serial8'].map((type) => [type, readWholeNumber])),
  // In JSON texts stand for what is no number or infinite.
  ...Object.fromEntries(['real', 'float', 'float4', 'float8', 'double', 'oid'].map((type) => [type, Number])),
}

/** Says that Drizzle writes a value as well. */
const byItself = Symbol('by itself')

/**
 * Writes a value for its column, or for whatever else Drizzle gives as the encoder.
 *
 * @throws TypystDbError `INVALID_INPUT` for a value that would come back as another.
 */
export function encodeValue(encoder: DriverValueEncoder<unknown, unknown>, value: unknown): unknown {
  if (value === null || !is(encoder, Column)) return encoder.mapToDriverValue(value)
  if (is(encoder, PgArray)) return Array.isArray(value) ? makePgArray(encodeArray(encoder, value)) : value
  const encoded = encoders[encoder.columnType]?.(value) ?? byItself
  return encoded === byItself ? encoder.mapToDriverValue(value) : encoded
}

/** What reads values as Postgres writes them. */
export type Decoder = Pick<DriverValueDecoder<unknown, unknown>, 'mapFromDriverValue'>

/** What reads the values of a column. */
export function decoderOf(column: Column): Decoder {
  if (is(column, PgArray)) return { mapFromDriverValue: (value: unknown) => decodeArray(column, value) }
  const decode = decoders[column.columnType]
  return decode ? { mapFromDriverValue: decode } : column
}

/** What reads the values of a column out of a text where a connection has not read them: in arrays, in rows inside of others. */
export function textDecoderOf(column: Column): Decoder {
  const read = is(column, PgCustomColumn) ? textReaders[typeNameOf(column)] : undefined
  const decoder = decoderOf(column)
  if (!read) return decoder
  const readOne = (value: unknown): unknown => {
    if (typeof value !== 'string') return value
    return value.startsWith('{') ? readEach(parseArrayText(value)) : read(value)
  }
  const readEach = (elements: readonly unknown[]): unknown[] =>
    elements.map((element) => (Array.isArray(element) ? readEach(element) : readOne(element)))
  return { mapFromDriverValue: (value: unknown) => decoder.mapFromDriverValue(readOne(value)) }
}

/**
 * What reads the values of whatever a statement selects: a column, an expression with a name or without, a query.
 *
 * @returns Nothing for what is new in Drizzle.
 */
export function decoderOfSelected(selected: unknown): Decoder | undefined {
  const inner = is(selected, SQL.Aliased) ? selected.sql : is(selected, Subquery) ? selected._.sql : selected
  const source = is(inner, SQL) ? inner.decoder : inner
  if (is(source, Column)) return decoderOf(source)
  return is(inner, SQL) ? inner.decoder : undefined
}

/** The part of an array's column that says what is in it. */
interface ArrayColumn {
  readonly baseColumn: Column
}

function encodeArray(column: ArrayColumn, values: readonly unknown[]): unknown[] {
  const base = column.baseColumn
  const isNested = is(base, PgArray)
  return values.map((value) => {
    if (value === null) return null
    if (value === undefined) throw refused('An element of an array is `undefined`. Pass `null` for a missing one.')
    if (!isNested) return elementText(encodeValue(base, value))
    if (!Array.isArray(value)) return value
    // Postgres takes an array of empty arrays for an empty one.
    if (value.length === 0) throw refused('An array holds an empty one, which Postgres cannot keep apart from none.')
    return encodeArray(base, value)
  })
}

/** Drizzle makes a text of each element, in JavaScript's way. */
function elementText(encoded: unknown): unknown {
  if (encoded instanceof Date) return formatMoment(encoded)
  if (!(encoded instanceof Uint8Array)) return encoded
  return `\\x${Array.from(encoded, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

function decodeArray(column: ArrayColumn, value: unknown): unknown {
  const elements = typeof value === 'string' ? parseArrayText(value) : value
  if (!Array.isArray(elements)) return elements
  const decoder = textDecoderOf(column.baseColumn)
  return elements.map((element: unknown) => (element === null ? null : decoder.mapFromDriverValue(element)))
}

function exactInteger(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw refused(
      'A whole number is beyond 2^53, where JavaScript knows only some. Use a column with `mode: "bigint"`.',
    )
  }
  return byItself
}

/** JavaScript writes a negative zero without its sign. */
function signed(value: unknown): unknown {
  return Object.is(value, -0) ? '-0' : byItself
}

/** The same for points and lines. */
function signedPlace(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return byItself
  const numbers: unknown[] = Object.values(value)
  if (!numbers.some((number) => Object.is(number, -0))) return byItself
  const places = 'x' in value && 'y' in value ? [value.x, value.y] : numbers
  const written = ('a' in value && 'b' in value && 'c' in value ? [value.a, value.b, value.c] : places).map((number) =>
    Object.is(number, -0) ? '-0' : String(number),
  )
  return written.length === 2 ? `(${written.join()})` : `{${written.join()}}`
}

function checkedJson(value: unknown): unknown {
  refuseUnlessJson(value)
  return byItself
}

/**
 * JSON has no such values: `stringify` writes `null` in their place, `{}`, or nothing. What says by `toJSON` what it is in JSON
 * is taken at its word, and a property that is `undefined` for one that is not there.
 */
function refuseUnlessJson(value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw refused('A value for a JSON column holds NaN or an infinite number, which JSON has not.')
  }
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw refused('A value for a JSON column holds a function or a symbol, which JSON has not.')
  }
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const element of value as unknown[]) {
      if (element === undefined) throw refused('An array for a JSON column holds `undefined`. Pass `null` for it.')
      refuseUnlessJson(element)
    }
    return
  }
  if (value instanceof Date && Number.isNaN(value.getTime())) {
    throw refused('A value for a JSON column holds an invalid date. Pass a valid one, or `null`.')
  }
  if ('toJSON' in value && typeof value.toJSON === 'function' && !ArrayBuffer.isView(value)) return
  if (!isPlain(value)) {
    throw refused(
      'A value for a JSON column holds an object of a class, such as a Map, a Set or bytes, of which JSON would keep something else. Pass plain objects and arrays.',
    )
  }
  for (const part of Object.values(value)) refuseUnlessJson(part)
}

/** Made by braces, in this realm or another, or without a prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function toDate(value: unknown): unknown {
  return typeof value === 'string' ? readMoment(value) : value
}

function toExactNumber(value: unknown): unknown {
  const number = Number(value)
  if (!Number.isInteger(number) || Number.isSafeInteger(number)) return number
  throw refused('A whole number in the database is beyond 2^53. Read it in a column with `mode: "bigint"`.')
}

function toBigInt(value: unknown): unknown {
  if (typeof value !== 'string') return BigInt(value as number | bigint) // What connections make of an int8.
  const digits = /^(-?\d+)(?:\.0+)?$/.exec(value)?.[1]
  if (digits === undefined) {
    throw refused('A number in the database is no whole one. Read it in a column with `mode: "string"`.')
  }
  return BigInt(digits)
}

function readWholeNumber(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

/** Reads hexadecimal digits into the class of bytes that drivers give: a `Buffer` where there is one. */
function readBytes(text: string): Uint8Array {
  const bytes = Uint8Array.from(text.match(/[\da-f]{2}/g) ?? [], (digits) => Number.parseInt(digits, 16))
  const host: { readonly Buffer?: { from(buffer: ArrayBuffer): Uint8Array } } = globalThis
  return host.Buffer?.from(bytes.buffer) ?? bytes
}

function refused(message: string): TypystDbError {
  return new TypystDbError('INVALID_INPUT', message)
}
