/** Values of queries on their way through a structured clone: functions stay in the tab, plain data crosses. */
import type { QueryOptions } from '@electric-sql/pglite'
import type { WireResults } from '../worker/pglite-types.ts'
import type { WireQueryOptions } from '../worker/protocol.ts'

/** The options as they cross. */
export function toWireOptions(options: QueryOptions = {}): WireQueryOptions {
  const { rowMode, parsers = {}, serializers = {}, paramTypes, blob, onNotice } = options
  return {
    rowMode,
    textTypes: Object.keys(parsers).map(Number),
    serializedTypes: Object.keys(serializers).map(Number),
    paramTypes,
    blob,
    wantsNotices: onNotice !== undefined,
  }
}

/**
 * A parameter as it can cross. A class's instance and a framework's proxy cross as what `JSON.stringify` would make of
 * them, because that is what PGlite does with an object.
 */
export function toPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date || value instanceof Blob || value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    return value
  }
  if (Array.isArray(value)) return value.map(toPlain)
  if (hasToJson(value)) return toPlain(value.toJSON())
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (typeof part === 'function' ? [] : [[key, toPlain(part)]])),
  )
}

/** Applies the tab's own parsers to the text that came for their types, in place. */
export function parseResult({ rows, fields }: WireResults, parsers: QueryOptions['parsers'] = {}): void {
  for (const [index, { name, dataTypeID }] of fields.entries()) {
    const parse = parsers[dataTypeID]
    if (!parse) continue
    for (const row of rows) {
      if (typeof row !== 'object' || row === null) continue
      const key = Array.isArray(row) ? index : name
      const value: unknown = Reflect.get(row, key)
      if (typeof value === 'string') Reflect.set(row, key, parse(value))
    }
  }
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}
