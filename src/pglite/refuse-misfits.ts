/**
 * Keeps objects, arrays and bytes out of columns that do not take them. PGlite 0.5.16 asks each for a text, and stores
 * "[object Object]", "a,b" or "1,2". The server's side refuses the same, see auth/connection/wire-values.ts.
 */
import type { PGlite } from '@electric-sql/pglite'
import { TypystDbError } from '../errors.ts'
import { refuseWhatThrows } from '../internal/plain-parameters.ts'
import { safe } from './safe-serializers.ts'

type Serializers = PGlite['serializers']

/** Postgres' numbers of types that PGlite has a way of its own for; see its catalog pg_type.dat. */
const jsonTypes = new Set([114, 3802])
const byteType = 17
/** Of dates and moments, and of booleans: what has a text of its own is none. */
const strictTypes = new Set([16, 1082, 1114, 1184])

/**
 * Has a client refuse such a value when it is written, before anything of its statement runs.
 *
 * @param simple - PGlite's serializers of its own; a client has those of arrays besides.
 */
export function refuseMisfits(client: Pick<PGlite, 'serializers'>, simple: Serializers): void {
  const made = new Map<number, Serializers[number]>()
  const serializerOf = (known: Serializers, type: number): Serializers[number] => {
    const isArrayType = () => type in known && !(type in simple)
    // Looked up when it is used: types that are made later have theirs by then.
    const serializer = (value: unknown): string => {
      if (!refuseWhatThrows(() => (isArrayType() ? fitsArray(value) : fits(value, type)))) throw misfit()
      return safe(known[type])(value)
    }
    made.set(type, serializer)
    return serializer
  }
  client.serializers = new Proxy(client.serializers, {
    get(known, key) {
      const type = Number(typeof key === 'string' ? key : Number.NaN)
      if (!Number.isInteger(type)) return Reflect.get(known, key) as unknown
      return made.get(type) ?? serializerOf(known, type)
    },
  })
}

/** Whether a column that holds arrays takes a value; of the elements, all but arrays are left to their own type. */
function fitsArray(value: unknown): boolean {
  return Array.isArray(value) ? isKept(value) : typeof value === 'string'
}

/** Postgres leaves arrays out that are empty in an array. */
function isKept(values: readonly unknown[]): boolean {
  return values.every((each) => !Array.isArray(each) || (each.length > 0 && isKept(each)))
}

function fits(value: unknown, type: number): boolean {
  if (jsonTypes.has(type)) return fitsJson(value)
  if (typeof value !== 'object' || value === null) return true
  if (type === byteType) return isBytes(value)
  if (value instanceof Date) return true
  if (strictTypes.has(type) || Array.isArray(value) || isBytes(value)) return false
  return hasText(value)
}

/** Whether an object says more of itself than every object does. */
function hasText(value: unknown): boolean {
  return !String(value).startsWith('[object ')
}

/** JSON has no place for bytes, for numbers without an end, nor for those that JavaScript cannot read from it. */
function fitsJson(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value)
    case 'bigint':
      return false
    case 'object':
      return Array.isArray(value) ? value.every(fitsJson) : value === null || !isBytes(value)
    default:
      return true
  }
}

function isBytes(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
}

function misfit(): TypystDbError {
  return new TypystDbError(
    'INVALID_INPUT',
    'A parameter is of a kind that its column does not take, such as an object, an array or bytes. Pass a value of the type of the column.',
  )
}
