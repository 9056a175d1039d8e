/** The awkward ends of each type: a value comes back as it went in, or is refused before anything changed. */
import { eq, relations, sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDrizzle } from '../../src/drizzle/create-drizzle.ts'
import { awkwardDates as dates, awkwardTexts as texts, yearOf } from '../support/awkward-values.ts'
import type { OpenEmpty, OpenedConnection } from '../support/opened-connection.ts'
import { isLong } from '../support/rounds.ts'

/** A type: its column, what is tried, and what Postgres makes of a value by the type's own definition. */
interface Case {
  readonly type: string
  readonly column: pg.PgColumnBuilderBase
  readonly values: fc.Arbitrary<unknown>
  readonly awkward: readonly unknown[]
  /** What comes back of a value where that is not the value itself. */
  readonly toStored?: (value: unknown) => unknown
  /** What has to be there before the table. */
  readonly setUp?: string
}

const moods = pg.pgEnum('mood', ['', 'NULL', 'so so', '"', ',{}', '한국어'])

/** Bytes as one class: postgres.js gives a `Buffer`, PGlite a `Uint8Array`. */
const bytes = pg.customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => Uint8Array.from(value),
})

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
  { deep: { zero: -0, ['__proto__']: '' } },
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
  new Map([['a', 1]]),
  { deep: [new Set([1])] },
  /a/,
  new Uint8Array([1]),
  Buffer.from('a'),
  {
    deep: new (class Money {
      readonly amount = 1
    })(),
  },
  new Error('kept nowhere'),
  Object(1),
  Promise.resolve(1),
  Array.from({ length: 3 }),
  new Array(2),
  { deep: { call: () => 1 } },
  { at: new Date(Number.NaN) },
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
    awkward: [0, -0, 0.5, NaN, Infinity, -Infinity, 1e39, 52_695_232],
    toStored: shortestReal,
  },
  {
    type: 'numeric',
    column: pg.numeric(),
    values: fc.bigInt().map(String),
    awkward: [
      '0',
      '-1',
      '0.10',
      '12345678901234567890.123',
      '1.00000000000000000001',
      '0.1000000000000000055',
      '100000000000000000000001',
      'NaN',
      'Infinity',
      'none',
      '-0.5',
    ],
  },
  {
    type: 'numeric',
    column: pg.numeric({ mode: 'number' }),
    values: fc.maxSafeInteger(),
    awkward: [0.1, 1 / 3, 2 ** 53 + 2, NaN, 5e-324],
    toStored: unsigned,
  },
  {
    type: 'numeric',
    column: pg.numeric({ mode: 'bigint' }),
    values: fc.bigInt(),
    awkward: [2n ** 200n, 10n ** 20n + 1n],
  },
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
  { type: 'jsonb', column: pg.jsonb(), values: json, awkward: jsons, toStored: throughJson },
  { type: 'json', column: pg.json(), values: json, awkward: jsons, toStored: throughJson },
  { type: 'uuid', column: pg.uuid(), values: fc.uuid(), awkward: ['none'] },
  { type: 'inet', column: pg.inet(), values: fc.ipV4(), awkward: ['::1', '10.0.0.0/8', 'none'] },
  {
    type: 'point',
    column: pg.point(),
    values: fc.tuple(fc.double(), fc.double()),
    awkward: [
      [0.1, 1e300],
      [Infinity, 1],
      [-0, NaN],
    ],
  },
  {
    type: 'point',
    column: pg.point({ mode: 'xy' }),
    values: fc.record({ x: fc.double(), y: fc.double() }, { noNullPrototype: true }),
    awkward: [
      { x: -0, y: 0 },
      { y: -0, x: 1 },
    ],
  },
  {
    type: 'line',
    column: pg.line(),
    values: fc.tuple(fc.double(), fc.double(), fc.double()),
    awkward: [
      [1, -1, -0],
      [0, 0, 1],
      [-0, 1, 5e-324],
      [NaN, 1, 1],
      [Infinity, 1, 1],
    ],
  },
  {
    type: 'line',
    column: pg.line({ mode: 'abc' }),
    values: fc.record({ a: fc.integer({ min: 1 }), b: fc.double(), c: fc.double() }, { noNullPrototype: true }),
    awkward: [{ c: -0, b: 2, a: 1 }],
  },
  {
    type: 'char(5)',
    column: pg.char({ length: 5 }),
    values: fc.string({ unit: 'grapheme', maxLength: 6 }),
    awkward: ['', ' ', 'a', '     a', 'abcde ', '🍲🍲🍲🍲🍲', 'NUL\0', '\ud800', '\ufeff'],
    toStored: padded,
  },
  {
    type: 'mood',
    setUp: `create type mood as enum ('', 'NULL', 'so so', '"', ',{}', '한국어')`,
    column: moods(),
    values: fc.constantFrom(...moods.enumValues),
    awkward: [...moods.enumValues, 'no mood', 'NULL '],
  },
  {
    type: 'mood[]',
    column: moods().array(),
    values: fc.array(fc.option(fc.constantFrom(...moods.enumValues))),
    awkward: [[], ['none']],
  },
  {
    type: 'bit(3)',
    column: pg.bit({ dimensions: 3 }),
    values: fc.constantFrom('000', '101', '111'),
    awkward: ['10', '1010', '12a', ''],
  },
  {
    type: 'cidr',
    column: pg.cidr(),
    values: fc.constantFrom('10.0.0.0/8', '::/0'),
    awkward: ['10.0.0.1/8', 'none', ''],
  },
  { type: 'macaddr', column: pg.macaddr(), values: fc.constant('08:00:2b:01:02:03'), awkward: ['08:00', 'none'] },
  { type: 'macaddr8', column: pg.macaddr8(), values: fc.constant('08:00:2b:01:02:03:04:05'), awkward: ['08:00', ''] },
  { type: 'serial', column: pg.serial(), values: fc.integer(), awkward: numbers, toStored: unsigned },
  {
    type: 'smallserial',
    column: pg.smallserial(),
    values: fc.integer({ min: -70_000, max: 70_000 }),
    awkward: numbers,
    toStored: unsigned,
  },
  {
    type: 'bigserial',
    column: pg.bigserial({ mode: 'number' }),
    values: fc.maxSafeInteger(),
    awkward: numbers,
    toStored: unsigned,
  },
  {
    type: 'bigserial',
    column: pg.bigserial({ mode: 'bigint' }),
    values: fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    awkward: [2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 2n ** 53n + 1n],
  },
  {
    type: 'int generated by default as identity',
    column: pg.integer().generatedByDefaultAsIdentity(),
    values: fc.integer(),
    awkward: numbers,
    toStored: unsigned,
  },
  {
    type: 'numeric(30, 2)',
    column: pg.numeric({ mode: 'bigint', precision: 30, scale: 2 }),
    values: fc.bigInt({ min: -(10n ** 28n), max: 10n ** 28n }),
    awkward: [10n ** 20n + 1n, 10n ** 29n],
  },
  {
    type: 'numeric[]',
    column: pg.numeric().array(),
    values: fc.array(fc.option(fc.bigInt().map(String))),
    awkward: [[], [null], ['0.10', 'NaN', '-Infinity', '1.00000000000000000001', null], ['none']],
  },
  {
    type: 'numeric[]',
    column: pg.numeric({ mode: 'bigint' }).array(),
    values: fc.array(fc.option(fc.bigInt())),
    awkward: [[10n ** 20n + 1n, null]],
  },
  {
    type: 'date[]',
    column: pg.date({ mode: 'date' }).array(),
    values: fc.array(fc.option(fc.date({ min: yearOf(-4000), noInvalidDate: true }))),
    awkward: [[null], [yearOf(50), yearOf(-43)], [new Date(Number.NaN)]],
    toStored: (value) => (Array.isArray(value) ? value.map(dayOf) : value),
  },
  {
    type: 'date[]',
    column: pg.date({ mode: 'string' }).array(),
    values: fc.array(fc.option(fc.constantFrom('2026-01-02', '0050-01-01'))),
    awkward: [['infinity', null, '0044-03-15 BC'], ['2026-02-30']],
  },
  {
    type: 'timestamp[]',
    column: pg.timestamp({ mode: 'string' }).array(),
    values: fc.array(fc.option(fc.constant('2026-01-02 03:04:05.123456'))),
    awkward: [['infinity', '0044-03-15 00:00:00 BC', null], ['soon']],
  },
  {
    type: 'timestamp[]',
    column: pg.timestamp({ mode: 'date' }).array(),
    values: fc.array(fc.option(fc.date({ min: yearOf(-4000), noInvalidDate: true }))),
    awkward: [[null], [yearOf(50), yearOf(-43)], [new Date(Number.NaN)]],
  },
  {
    type: 'bytea[]',
    column: bytes().array(),
    values: fc.array(fc.option(fc.uint8Array())),
    awkward: [[], [null], [new Uint8Array(0), new Uint8Array([0, 92, 34, 255])]],
  },
  {
    type: 'char(5)[]',
    column: pg.char({ length: 5 }).array(),
    values: fc.array(fc.string({ maxLength: 5 })),
    awkward: [['', 'a'], ['NULL'], ['abcdef']],
    toStored: (value) => (Array.isArray(value) ? value.map(padded) : value),
  },
  {
    type: 'time[]',
    column: pg.time().array(),
    values: fc.constant(['03:04:05.123456', null]),
    awkward: [['24:00:00']],
  },
  { type: 'interval[]', column: pg.interval().array(), values: fc.constant(['1 day', null]), awkward: [['soon']] },
  {
    type: 'point[]',
    column: pg.point().array(),
    values: fc.array(fc.tuple(fc.double(), fc.double())),
    awkward: [[[-0, 1]], []],
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
    toStored: throughJson,
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
    toStored: throughJson,
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

/** Types of a consumer's own: their columns are given what the connection gives, whatever it is. */
const ownTypes = {
  numeric: ['1.00000000000000000001', '0.10', 'NaN'],
  'pg_catalog.int8': ['9007199254740993', '7', '-9223372036854775808'],
  bigint: ['9007199254740993', '7'],
  'bigint[]': ['{9007199254740993,7,NULL}', '{}'],
  float8: ['0.1', 'NaN', '-Infinity', '-0'],
  oid: ['4294967295'],
  bytea: ['\\x00ff5c', ''],
  date: ['0050-01-01', 'infinity'],
  timestamptz: ['2026-01-02 03:04:05.123456+00', '-infinity'],
  'char(5)': ['a'],
  inet: ['10.0.0.1'],
  boolean: ['true'],
  jsonb: ['{"a": [1, "x"]}', 'null'],
  int4range: ['[1,5)'],
  money: ['12.50'],
  own_amount: ['1.00000000000000000001'],
  own_count: ['7'],
  own_flag: ['false'],
  own_host: ['10.0.0.1'],
  own_json: ['{"a": 1}'],
  own_moment: ['2026-01-02 03:04:05+00'],
  own_pair: ['(1,"a b")', '(,)'],
  'own_amount[]': ['{1.0,NULL}'],
} as const

const createOwnTypes = `create domain own_amount as numeric; create domain own_count as int; create domain own_flag as bool;
  create domain own_host as inet; create domain own_json as jsonb; create domain own_moment as timestamptz;
  create type own_pair as (amount int, name text)`

/** Runs the suite on an empty database. */
export function testRoundTrips(openEmpty: OpenEmpty, numRuns = isLong ? 200 : 10): void {
  let opened: OpenedConnection
  beforeAll(async () => {
    opened = await openEmpty()
  })
  afterAll(() => opened[Symbol.asyncDispose]())
  testOwnTypes(() => opened)

  describe('values of', () => {
    it.each(cases.map((each, at) => [`${each.type} ${String(at)}`, each] as const))('%s', async (name, each) => {
      const { type, column, values, awkward, toStored = (value: unknown) => value, setUp = '' } = each
      const tableName = `of_${name.replace(/\W+/g, '_')}`
      const top = pg.pgTable(`${tableName}_top`, { id: pg.integer().primaryKey() })
      const outer = pg.pgTable(`${tableName}_outer`, { id: pg.integer().primaryKey() })
      const table = pg.pgTable(tableName, { id: pg.integer().primaryKey(), value: column })
      const schema = {
        top,
        outer,
        table,
        topRelations: relations(top, ({ many }) => ({ outers: many(outer) })),
        outerRelations: relations(outer, ({ one, many }) => ({
          top: one(top, { fields: [outer.id], references: [top.id] }),
          inner: one(table, { fields: [outer.id], references: [table.id] }),
          inners: many(table),
        })),
        tableRelations: relations(table, ({ one }) => ({
          outer: one(outer, { fields: [table.id], references: [outer.id] }),
        })),
      }
      const sqlType = type === 'integer[]' ? 'integer[][]' : type
      await opened.connection.exec(
        `${setUp}; create table ${tableName} (id int primary key, value ${sqlType}); create table ${tableName}_outer (id int primary key); insert into ${tableName}_outer values (1);
        create table ${tableName}_top (id int primary key); insert into ${tableName}_top values (1)`,
      )
      const db = createDrizzle(opened.connection, schema)
      const insert = db
        .insert(table)
        .values({ id: 1, value: sql.placeholder('value') } as object as typeof table.$inferInsert)
        .prepare('insert')
      const same = sql`coalesce(${table.value}, null)`.mapWith(table.value).as('same')
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
        const inner = { columns: { value: true }, extras: { same } } as const
        const inners = { where: eq(table.id, 1), orderBy: table.id, limit: 2 }
        const within: object = { inner, inners }
        expect(await db.query.outer.findFirst({ with: { inner: true } })).toEqual({ id: 1, inner: expected })
        expect(await db.query.top.findMany({ with: { outers: { with: within } } })).toEqual([
          { id: 1, outers: [{ id: 1, inner: { value: expected.value, same: expected.value }, inners: [expected] }] },
        ])
        expect(await db.query.table.findMany({ extras: { same } })).toEqual([{ ...expected, same: expected.value }])
      }
      if (!/serial|identity/.test(type)) {
        await db.insert(table).values({ id: 1, value: null })
        expect(await db.query.outer.findFirst({ with: { inner: true, inners: true } })).toEqual({
          id: 1,
          inner: { id: 1, value: null },
          inners: [{ id: 1, value: null }],
        })
      }
      for (const value of awkward) for (const isPrepared of [false, true]) await tryValue(value, isPrepared)
      await fc.assert(fc.asyncProperty(values, fc.boolean(), tryValue), { numRuns })
    })
  })
}

function testOwnTypes(open: () => OpenedConnection): void {
  it("gives columns of a type of one's own the same in rows inside of others", async () => {
    const { connection } = open()
    await connection.exec(createOwnTypes)
    for (const [at, [type, texts]] of Object.entries(ownTypes).entries()) {
      // Bytes of one class: nested ones are a `Buffer` in Node, which PGlite does not give.
      const plain = (value: unknown) => (value instanceof Uint8Array ? Uint8Array.from(value) : value)
      const fromDriver = (value: unknown) => [typeof value, plain(value)]
      const own = pg.customType<{ data: unknown }>({ dataType: () => type, fromDriver })
      const table = pg.pgTable(`own_${at}`, { id: pg.integer().primaryKey(), value: own() })
      const others = relations(table, ({ one }) => ({
        self: one(table, { fields: [table.id], references: [table.id] }),
      }))
      await connection.exec(`create table own_${at} (id int primary key, value ${type})`)
      const db = createDrizzle(connection, { table, others })
      for (const [id, text] of [...texts, null].entries()) {
        await connection.query(`insert into own_${at} values ($1, $2::text::${type})`, [id, text])
      }
      const flat = await db.select().from(table).orderBy(table.id)
      const nested = await db.query.table.findMany({ orderBy: table.id, with: { self: { with: { self: true } } } })
      expect([type, nested.map(({ self }) => self)]).toEqual([type, flat.map((row) => ({ ...row, self: row }))])
    }
  })

  it('keeps the sign of zero in raw SQL', async () => {
    const { connection } = open()
    const { rows } = await connection.query('select $1::float8 as zero, $2::float8[] as zeros, $3::int as whole', [
      -0,
      [-0],
      -0,
    ])
    expect(rows).toEqual([{ zero: -0, zeros: [-0], whole: 0 }])
  })
}

async function outcomeOf(attempt: PromiseLike<unknown>): Promise<unknown> {
  try {
    await attempt
    return undefined
  } catch (cause) {
    return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : cause
  }
}

/** A text of a fixed length is filled up with blanks, and does without those that are too many. */
function padded(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const kept = Array.from(value).slice(0, 5)
  return kept.join('') + ' '.repeat(5 - kept.length)
}

/** A date has no time. */
function dayOf(value: unknown): unknown {
  return value instanceof Date ? new Date(Math.floor(value.getTime() / 86_400_000) * 86_400_000) : value
}

/** Whole numbers and JSON know one zero. */
function unsigned(value: unknown): unknown {
  return value === 0 ? 0 : value
}

/**
 * The shortest decimal number that means a value among 32-bit ones, which is how Postgres writes a `real`. It takes none that
 * lies in the middle between two of them.
 */
function shortestReal(value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value)) return value
  const decimals = Array.from({ length: 9 }, (_, digits) => Number(value.toPrecision(digits + 1)))
  const means = (decimal: number) => Object.is(Math.fround(decimal), value)
  return decimals.find((decimal) => means(decimal) && means(decimal + (decimal - value) * 1e-6)) ?? value
}

/** What JSON makes of a value: it knows no -0, and keeps a property of whatever name. */
function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}
