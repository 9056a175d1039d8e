/**
 * Keeps what a caller's values do out of the messages that PGlite writes. It writes all of them into one buffer: a value that is
 * no text by then throws in the middle of one, and the half of it that is left becomes the beginning of the next statement,
 * whoever sends that. Tried with version 0.5.16: `serializer.ts` and `buffer-writer.ts` of `@electric-sql/pg-protocol`.
 */
import type { PGlite, QueryOptions } from '@electric-sql/pglite'
import { TypystDbError } from '../errors.ts'
import { refuseWhatThrows } from '../internal/plain-parameters.ts'

type Serializer = PGlite['serializers'][number]
type Serializers = NonNullable<QueryOptions['serializers']>

/** Makes those safe that a query brings. */
export function toSafeSerializers(serializers: Serializers): Serializers {
  return Object.fromEntries(
    Object.entries(serializers).map(([type, serializer]) => [type, safe(serializer as Serializer)]),
  )
}

/**
 * Makes one safe; of a type that has none, PGlite asks a value for its `toString`.
 *
 * @throws TypystDbError `INVALID_INPUT`, by the serializer that it gives, for what has no text.
 */
export function safe(serializer: Serializer = (value: { toString(): string }) => value.toString()): Serializer {
  return (value: unknown) => {
    const text: unknown = refuseWhatThrows(() => serializer(value))
    // Not by `instanceof`, which asks a proxy.
    if (typeof text === 'string' || ArrayBuffer.isView(text)) return text as string
    throw new TypystDbError(
      'INVALID_INPUT',
      'A parameter does not come to a text, which every value is sent as. Pass a value of the type of its column.',
    )
  }
}
