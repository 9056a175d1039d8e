/** The awkward ends of each type: a value comes back as it went in, or is refused before anything changed. */
import { eq, relations, sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDrizzle } from '../../src/drizzle/create-drizzle.ts'
import type { OpenEmpty, OpenedConnection } from '../support/opened-connection.ts'

/** A type: its column, what is tried, and what Postgres makes of a value by the type's own definition. */
interface Case {
  readonly type: string
  readonly column: pg.PgColumnBuilderBase
  readonly values: fc.Arbitrary<unknown>
  readonly awkward: readonly unknown[]
  /** What comes back of a value where that is not the value itself. */
  readonly toStored?: (value: unknown) => unknown
}

/** Bytes as one class: postgres.js gives a `Buffer`, PGlite a `Uint8Array`. */
const bytes = pg.customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => Uint8Array.from(value),
})

const texts = [
  '',
  ' ',
  '\ufeff',
  '\ufeffmark',
  'a\ufeffb',
  'NUL\0',
  '\ud800',
  'a\udc00b',
  '🍲',
  'e\u0301',
  'NULL',
  '{}',
  '"',
  '\\',
  "'",
  '\r\n',
  '$1',
]
const dates = [
  new Date(0),
  new Date(-1),
  yearOf(1),
  yearOf(50),
  yearOf(99),
  yearOf(0),
  yearOf(-43),
  yearOf(-4712),
  yearOf(-5000),
  yearOf(9999),
  yearOf(10_000),
  new Date(8.64e15),
  new Date(-8.64e15),
  new Date('2026-03-29T01:30:00Z'),
  new Date('2026-10-25T00:30:00.999Z'),
  new Date(Number.NaN),
]
const numbers = [
  0,
  -0,
  1,
  -1,
  0.1,
  1 / 3,
  5e-324,
  1.7976931348623157e308,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 63),
  2 ** 63,
]
const jsons: unknown[] = [
  'q',
  '"q"',
  '',
  '{"a":1}',
  'null',
  '1',
  true,
  0.1,
  2 ** 53 + 2,
  1e300,
  NaN,
  { list: [null, [null], { a: null }] },
  [undefined],
  { deep: [Infinity] },
  JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
  { text: 'NUL\0' },
  { text: '\ud800' },
  { text: '\ufeff🍲' },
  [],
  {},
  [[], [[]]],
  { toString: 1 },
  () => 1,
  1n,
]
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const moment = fc.date({ noInvalidDate: false })
const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => value !== null)

const cases: readonly Case[] = [
  { type: 'text', column: pg.text(), values: text, awkward: [...texts, '🍲'.repeat(250_000)] },
  { type: 'varchar(40)', column: pg.varchar({ length: 40 }), values: text, awkward: [...texts, 'x'.repeat(41)] },
  { type: 'boolean', column: pg.boolean(), values: fc.boolean(), awkward: [] },
  {
    type: 'smallint',
    column: pg.smallint(),
    values: fc.integer({ min: -70_000, max: 70_000 }),
    awkward: numbers,
    toStored: unsigned,
  },
  { type: 'integer', column: pg.integer(), values: fc.integer(), awkward: numbers, toStored: unsigned },
  {
    type: 'bigint',
    column: pg.bigint({ mode: 'number' }),
    values: fc.maxSafeInteger(),
    awkward: numbers,
    toStored: unsigned,
  },
  {
    type: 'bigint',
    column: pg.bigint({ mode: 'bigint' }),
    values: fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    awkward: [2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 2n ** 53n + 1n],
  },
  { type: 'double precision', column: pg.doublePrecision(), values: fc.double(), awkward: numbers },
  {
    type: 'real',
    column: pg.real(),
    values: fc.float({ noDefaultInfinity: false }),
    awkward: [0, -0, 0.5, NaN, Infinity, -Infinity, 1e39],
    toStored: shortestReal,
  },
  {
    type: 'numeric',
    column: pg.numeric(),
    values: fc.bigInt().map(String),
    awkward: ['0', '-1', '0.10', '12345678901234567890.123', 'NaN', 'Infinity', 'none', '-0.5'],
  },
  {
    type: 'numeric',
    column: pg.numeric({ mode: 'number' }),
    values: fc.maxSafeInteger(),
    awkward: [0.1, 1 / 3, 2 ** 53 + 2, NaN, 5e-324],
    toStored: unsigned,
  },
  { type: 'numeric', column: pg.numeric({ mode: 'bigint' }), values: fc.bigInt(), awkward: [2n ** 200n] },
  { type: 'timestamptz', column: pg.timestamp({ withTimezone: true, mode: 'date' }), values: moment, awkward: dates },
  { type: 'timestamp', column: pg.timestamp({ mode: 'date' }), values: moment, awkward: dates },
  {
    type: 'timestamp',
    column: pg.timestamp({ mode: 'string' }),
    values: fc.constant('2026-01-02 03:04:05.123456'),
    awkward: [
      'infinity',
      '-infinity',
      '0044-03-15 00:00:00 BC',
      '0050-01-01 00:00:00',
      '294276-12-31 23:59:59.999999',
      'yesterdayish',
    ],
  },
  { type: 'date', column: pg.date({ mode: 'date' }), values: moment, awkward: dates, toStored: dayOf },
  {
    type: 'date',
    column: pg.date({ mode: 'string' }),
    values: fc.constant('2026-01-02'),
    awkward: ['infinity', '0044-03-15 BC', '0050-01-01', '10000-01-01', '2026-02-30'],
  },
  {
    type: 'time',
    column: pg.time(),
    values: fc.constant('03:04:05.123456'),
    awkward: ['24:00:00', '00:00:00', '25:00:00'],
  },
  {
    type: 'interval',
    column: pg.interval(),
    values: fc.constant('1 year 2 mons 3 days 04:05:06.7'),
    awkward: ['00:00:00', '-1 days', 'soon'],
  },
  { type: 'jsonb', column: pg.jsonb(), values: json, awkward: jsons, toStored: unsignedDeep },
  { type: 'json', column: pg.json(), values: json, awkward: jsons, toStored: unsignedDeep },
  { type: 'uuid', column: pg.uuid(), values: fc.uuid(), awkward: ['none'] },
  { type: 'inet', column: pg.inet(), values: fc.ipV4(), awkward: ['::1', '10.0.0.0/8', 'none'] },
  {
    type: 'point',
    column: pg.point(),
    values: fc.tuple(fc.integer(), fc.integer()),
    awkward: [
      [0.1, 1e300],
      [Infinity, 1],
    ],
  },
  {
    type: 'bytea',
    column: bytes(),
    values: fc.uint8Array(),
    awkward: [new Uint8Array(0), new Uint8Array([0, 92, 255])],
  },
  {
    type: 'text[]',
    column: pg.text().array(),
    values: fc.array(
      fc.oneof(text, fc.constantFrom('NULL', 'null', '', '"', '\\', '{,}', '\ufeff'), fc.constant(null)),
    ),
    awkward: [[], [null], ['NULL'], ['NUL\0'], ['\ud800'], [undefined]],
  },
  {
    type: 'bigint[]',
    column: pg.bigint({ mode: 'number' }).array(),
    values: fc.array(fc.option(fc.maxSafeInteger())),
    awkward: [[null], [2 ** 53 + 2]],
    toStored: unsignedDeep,
  },
  {
    type: 'timestamptz[]',
    column: pg.timestamp({ withTimezone: true, mode: 'date' }).array(),
    values: fc.array(fc.option(fc.date({ min: yearOf(1), max: yearOf(9999), noInvalidDate: true }))),
    awkward: [[null], [yearOf(50)], [yearOf(-43)], [new Date(Number.NaN)]],
  },
  {
    type: 'double precision[]',
    column: pg.doublePrecision().array(),
    values: fc.array(fc.option(fc.double())),
    awkward: [[-0, NaN, Infinity, null]],
  },
  { type: 'boolean[]', column: pg.boolean().array(), values: fc.array(fc.option(fc.boolean())), awkward: [[]] },
  {
    type: 'jsonb[]',
    column: pg.jsonb().array(),
    values: fc.array(json, { maxLength: 3 }),
    awkward: [['q', '"q"', '{}'], [{ a: '"q"' }], [NaN]],
    toStored: unsignedDeep,
  },
  {
    type: 'integer[]',
    column: pg.integer().array().array(),
    values: fc.constant([
      [1, 2],
      [3, 4],
    ]),
    awkward: [[], [[]], [[], []], [[1], [2, 3]], [[null]]],
  },
]

/** Runs the suite on an empty database. */
export function testRoundTrips(openEmpty: OpenEmpty, numRuns = 15): void {
  let opened: OpenedConnection
  beforeAll(async () => {
    opened = await openEmpty()
  })
  afterAll(() => opened[Symbol.asyncDispose]())

  describe('values of', () => {
    it.each(cases.map((each, at) => [`${each.type} ${String(at)}`, each] as const))('%s', async (name, each) => {
      const { type, column, values, awkward, toStored = (value: unknown) => value } = each
      const tableName = `of_${name.replace(/\W+/g, '_')}`
      const outer = pg.pgTable(`${tableName}_outer`, { id: pg.integer().primaryKey() })
      const table = pg.pgTable(tableName, { id: pg.integer().primaryKey(), value: column })
      const schema = {
        outer,
        table,
        outerRelations: relations(outer, ({ one }) => ({
          inner: one(table, { fields: [outer.id], references: [table.id] }),
        })),
      }
      const sqlType = type === 'integer[]' ? 'integer[][]' : type
      await opened.connection.exec(
        `create table ${tableName} (id int primary key, value ${sqlType}); create table ${tableName}_outer (id int primary key); insert into ${tableName}_outer values (1)`,
      )
      const db = createDrizzle(opened.connection, schema)
      const insert = db
        .insert(table)
        .values({ id: 1, value: sql.placeholder('value') } as object as typeof table.$inferInsert)
        .prepare('insert')
      const tryValue = async (value: unknown, isPrepared: boolean) => {
        await db.delete(table)
        const write = { id: 1, value } as typeof table.$inferInsert
        // Written by the builder, or into a statement that is prepared.
        const written = await outcomeOf(isPrepared ? insert.execute({ value }) : db.insert(table).values(write))
        if (written !== undefined) {
          expect([written, await db.$count(table)]).toEqual(['INVALID_INPUT', 0])
          return
        }
        const expected = { id: 1, value: toStored(value) }
        expect(await db.select().from(table)).toEqual([expected])
        expect(await db.query.table.findMany()).toEqual([expected])
        expect(await db.update(table).set({ value }).where(eq(table.id, 1)).returning()).toEqual([expected])
        const nested = await db.query.outer.findFirst({ with: { inner: true } }).catch((cause: unknown) => cause)
        // Through JSON, some values cannot come; then they are refused.
        if (nested instanceof Error) expect(nested).toMatchObject({ code: 'INVALID_INPUT' })
        else if (!withoutNested.has(type)) expect(nested).toEqual({ id: 1, inner: expected })
      }
      for (const value of awkward) for (const isPrepared of [false, true]) await tryValue(value, isPrepared)
      await fc.assert(fc.asyncProperty(values, fc.boolean(), tryValue), { numRuns })
    })
  })
}

/** Types that JSON writes in another form, as bytes in hexadecimal digits, which Drizzle hands out as it comes. */
const withoutNested = new Set([
  'bytea',
  'timestamp',
  'interval',
  'point',
  'numeric',
  'double precision',
  'real',
  'double precision[]',
  'time',
  'date',
])

async function outcomeOf(attempt: PromiseLike<unknown>): Promise<unknown> {
  try {
    await attempt
    return undefined
  } catch (cause) {
    return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : cause
  }
}

function yearOf(year: number): Date {
  const date = new Date(Date.UTC(2000, 0, 2, 3, 4, 5, 678))
  date.setUTCFullYear(year)
  return date
}

/** A date has no time. */
function dayOf(value: unknown): unknown {
  return value instanceof Date ? new Date(Math.floor(value.getTime() / 86_400_000) * 86_400_000) : value
}

/** Whole numbers, and JSON, know no negative zero. */
function unsigned(value: unknown): unknown {
  return value === 0 ? 0 : value
}

/** The shortest decimal number that means a value among 32-bit ones, which is how Postgres writes a `real`. */
function shortestReal(value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value)) return value
  const decimals = Array.from({ length: 9 }, (_, digits) => Number(value.toPrecision(digits + 1)))
  return decimals.find((decimal) => Object.is(Math.fround(decimal), value)) ?? value
}

function unsignedDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unsignedDeep)
  if (typeof value !== 'object' || value === null || Object.hasOwn(value, '__proto__')) return unsigned(value)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unsignedDeep(part)]))
}
