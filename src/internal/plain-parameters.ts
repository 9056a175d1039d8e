/**
 * Takes over the values of a caller before anything else happens to them. What has methods of its own may throw, change or
 * answer differently the second time: it is asked once, here, and only what cannot do so goes on to a driver. A driver that
 * meets such a value in the middle of its own work may blame another statement for it, and from then on give each the answer
 * of the next (https://github.com/porsager/postgres/issues/1082).
 */
import { TypystDbError } from '../errors.ts'

/** A value that does nothing by itself. Arrays, dates and bytes are copies. */
export type PlainValue =
  string | number | bigint | boolean | null | Date | Uint8Array<ArrayBuffer> | PlainObject | readonly PlainValue[]

/** What an object says when it is asked. */
export interface PlainObject {
  /** What `JSON.stringify` makes of it; empty where that leaves its content out. */
  readonly json: string
  /** What it says of itself; empty unless it is of a type with a text of its own, such as a `Decimal`. */
  readonly text: string
}

/** The protocol counts parameters in 16 bits, and postgres.js stops two short of that. PGlite would count from 0 again. */
const maxParameters = 65_533

/** Bytes travel as two digits each, and no text of JavaScript has more than 2^29. */
const maxBytes = 2 ** 28 - 64

/** Errors that are made here, as opposed to what a caller's own methods throw. */
const refusals = new WeakSet()

/**
 * Takes over the parameters of one statement.
 *
 * @throws TypystDbError `INVALID_INPUT` for what no database takes, such as `undefined`, a function, an object that refers to
 *   itself, or one that throws; `LIMIT_EXCEEDED` for more than the protocol can count.
 */
export function toPlainParameters(params: readonly unknown[]): PlainValue[] {
  return refuseWhatThrows(() => {
    if (params.length > maxParameters) {
      throw refusal(
        'LIMIT_EXCEEDED',
        'A statement can hold 65,533 parameters. Insert in smaller batches; nothing was changed.',
      )
    }
    return toPlainArray(params)
  })
}

/**
 * Checks the text of a statement, which has to be one.
 *
 * @throws TypystDbError `INVALID_INPUT`
 */
export function refuseUnlessStatement(text: unknown): void {
  if (typeof text === 'string' && !halfOfPair.test(text)) return
  throw new TypystDbError('INVALID_INPUT', 'A statement is a text of whole characters. Pass the SQL as a string.')
}

/** Runs what asks the values of a caller; whatever they throw becomes `INVALID_INPUT` without a value. */
export function refuseWhatThrows<T>(ask: () => T): T {
  try {
    return ask()
  } catch (thrown) {
    // Nothing is asked of what was thrown: it may be a proxy that throws at everything.
    if (typeof thrown === 'object' && thrown !== null && refusals.has(thrown)) throw thrown
    throw new TypystDbError(
      'INVALID_INPUT',
      'A parameter cannot be written as text: it refers to itself, is nested too deeply, or a method of its own threw. Pass a text, number, boolean, date, bytes, or what JSON can hold.',
      { cause: withoutCode(thrown) },
    )
  }
}

function toPlainValue(value: unknown): PlainValue {
  switch (typeof value) {
    case 'string':
      refuseUnstorable(value)
      return value
    case 'number':
    case 'bigint':
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : toPlainObject(value)
    case 'undefined':
      throw refusal('INVALID_INPUT', 'A parameter is `undefined`. Pass `null` for a missing value.')
    default:
      throw refusal('INVALID_INPUT', 'A parameter is a function or a symbol. Pass a value that can be stored.')
  }
}

function toPlainArray(values: readonly unknown[]): PlainValue[] {
  const plain: PlainValue[] = []
  for (let at = 0; at < values.length; at += 1) plain.push(toPlainValue(values[at]))
  return plain
}

function toPlainObject(value: object): PlainValue {
  if (Array.isArray(value)) return toPlainArray(value)
  if (isDate(value)) return toPlainDate(value)
  if (ArrayBuffer.isView(value)) return toPlainBytes(value)
  // `stringify` gives nothing where `toJSON` does, whatever its type says.
  const json: string | undefined = JSON.stringify(value)
  if (!isOfOwnType(value)) return toPlainJson(json, '')
  // A Map, a Promise and the like have their content elsewhere.
  return toPlainJson(json === '{}' ? undefined : json, textOf(value))
}

function toPlainJson(json = '', text: string): PlainObject {
  if (json !== '' || text !== '') return { json, text }
  throw refusal('INVALID_INPUT', 'A parameter is an object with nothing that can be stored. Pass what it holds.')
}

/** Of this realm or another. What only says that it is a date throws when it is asked for its time. */
function isDate(value: object): boolean {
  return value instanceof Date || Object.prototype.toString.call(value) === '[object Date]'
}

function toPlainDate(value: object): Date {
  const time = Date.prototype.getTime.call(value)
  if (Number.isNaN(time)) throw refusal('INVALID_INPUT', 'A parameter is an invalid date. Pass a valid one, or `null`.')
  return new Date(time)
}

/** Whose properties tell what a view is, whatever a caller has put onto it. */
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object // What every array of bytes inherits from.

function toPlainBytes(view: ArrayBufferView): Uint8Array<ArrayBuffer> {
  if (!isBytes(view)) {
    throw refusal('INVALID_INPUT', 'A parameter is a view of memory. Pass bytes as a Uint8Array.')
  }
  const length = Number(Reflect.get(typedArray, 'length', view))
  if (length > maxBytes) {
    throw refusal('LIMIT_EXCEEDED', 'A parameter has more than 268 million bytes. Split it up; nothing was changed.')
  }
  const bytes = new Uint8Array(length)
  bytes.set(view)
  return bytes
}

function isBytes(view: ArrayBufferView): view is Uint8Array {
  return Reflect.get(typedArray, Symbol.toStringTag, view) === 'Uint8Array'
}

/** Whether it comes from a class, and not from braces or from JSON, of this realm or another. */
function isOfOwnType(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) !== null
}

function textOf(value: unknown): string {
  const text = String(value)
  // What every object says that says nothing.
  if (text.startsWith('[object ')) return ''
  refuseUnstorable(text)
  return text
}

const halfOfPair = /\p{Surrogate}/u

/** SQLSTATE of a character that is not in the encoding of the database. */
const notInRepertoire = '22021'

function refuseUnstorable(text: string): void {
  if (text.includes('\0')) {
    throw refusal(
      'INVALID_INPUT',
      'A text holds the NUL character (U+0000), which Postgres cannot store. Remove it and try again.',
      notInRepertoire,
    )
  }
  if (halfOfPair.test(text)) {
    throw refusal(
      'INVALID_INPUT',
      'A text holds half of a surrogate pair, which UTF-8 cannot write. Cut texts between characters, not within one.',
      notInRepertoire,
    )
  }
}

function refusal(code: 'INVALID_INPUT' | 'LIMIT_EXCEEDED', message: string, sqlState?: string): TypystDbError {
  const error = new TypystDbError(code, message, { sqlState })
  refusals.add(error)
  return error
}

/** What a caller's own method threw, as far as it can be asked: anything but its class and its stack may hold a value. */
export function withoutCode(thrown: unknown): Error | undefined {
  try {
    if (!(thrown instanceof Error)) return undefined
    const { name, message, stack } = thrown
    return Object.assign(new Error(message), { name, stack })
  } catch {
    return undefined
  }
}
