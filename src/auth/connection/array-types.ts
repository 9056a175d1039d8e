/**
 * Arrays, read and written by fixed type numbers. postgres.js would ask each new connection for the array types instead,
 * and a connection that breaks during that query ends the process: nobody handles its rejection.
 */
import type { PostgresType } from 'postgres'
import { parse } from 'postgres-array'
import { wireText } from './wire-values.ts'

/** Postgres' own array types with their elements' parser; see `typarray` in its catalog pg_type.dat. */
const elementParsers: readonly (readonly [arrayType: number, parseElement: (text: string) => unknown])[] = [
  [1000, (text) => text === 't'],
  ...[1005, 1007, 1028, 1021, 1022].map((type) => [type, Number] as const),
  [1016, (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text))],
  ...[199, 3807].map((type) => [type, (text: string): unknown => JSON.parse(text)] as const),
  ...[1002, 1003, 1009, 1014, 1015, 2951].map((type) => [type, (text: string) => text] as const),
]

const jsonArrays = new Set([199, 3807])

/** Arrays of other types, which are read as text. Not of boxes (1020), which semicolons keep apart. */
const textArrays = [
  ...[143, 629, 651, 719, 775, 791, 1001, 1017, 1018, 1019, 1027, 1040, 1041, 1115, 1182, 1183, 1185, 1187, 1231, 1270],
  ...[1561, 1563, 2210, 2211, 3643, 3645, 3905, 3907, 3909, 3911, 3913, 3927, 4073],
]

/** What postgres.js takes as `types`, one for each array type. */
export const arrayTypes: Readonly<Record<string, PostgresType>> = Object.fromEntries([
  ...elementParsers.map(([type, parseElement]) => toType(type, (text) => parse(text, parseElement))),
  ...textArrays.map((type) => toType(type, (text) => text)),
])

function toType(type: number, parseText: (text: string) => unknown): [name: string, type: PostgresType] {
  const serialize = jsonArrays.has(type) ? wireText.jsonArray : wireText.array
  return [`array${type}`, { to: type, from: [type], serialize, parse: parseText }]
}
