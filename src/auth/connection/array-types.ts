/**
 * Arrays, read and written by fixed type numbers. postgres.js would ask each new connection for the array types instead,
 * and a connection that breaks during that query ends the process: nobody handles its rejection.
 */
import { makePgArray } from 'drizzle-orm/pg-core/utils'
import type { PostgresType } from 'postgres'
import { parse } from 'postgres-array'

/** Postgres' own array types with their elements' parser; see `typarray` in its catalog pg_type.dat. */
const elementParsers: readonly (readonly [arrayType: number, parseElement: (text: string) => unknown])[] = [
  [1000, (text) => text === 't'],
  ...[1005, 1007, 1028, 1021, 1022].map((type) => [type, Number] as const),
  [1016, (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text))],
  ...[199, 3807].map((type) => [type, (text: string): unknown => JSON.parse(text)] as const),
  ...[1002, 1003, 1009, 1014, 1015, 2951].map((type) => [type, (text: string) => text] as const),
]

const jsonArrays = new Set([199, 3807])

/** What postgres.js takes as `types`, one for each array type. */
export const arrayTypes: Readonly<Record<string, PostgresType>> = Object.fromEntries(
  elementParsers.map(([type, parseElement]) => [
    `array${type}`,
    {
      to: type,
      from: [type],
      // Drizzle's array columns arrive as text.
      serialize: (value: unknown) => (Array.isArray(value) ? makePgArray(toElements(type, value)) : value),
      parse: (text: string) => parse(text, parseElement),
    },
  ]),
)

function toElements(type: number, values: readonly unknown[]): unknown[] {
  if (!jsonArrays.has(type)) return [...values]
  return values.map((value) => (value === null || typeof value === 'string' ? value : JSON.stringify(value)))
}
