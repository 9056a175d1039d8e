/** Values of every common type, in and out, the same on whatever connection they travel. */
import { eq, sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  pgTable,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { createDrizzle } from '../../src/drizzle/create-drizzle.ts'
import type { OpenEmpty } from '../support/opened-connection.ts'

const thing = pgTable('thing', {
  id: uuid('id').primaryKey(),
  flag: boolean('flag'),
  whole: integer('whole'),
  big: bigint('big', { mode: 'bigint' }),
  ratio: doublePrecision('ratio'),
  exact: numeric('exact'),
  at: timestamp('at', { withTimezone: true, mode: 'date' }),
  json: jsonb('json'),
  words: text('words').array(),
  grid: integer('grid').array().array(),
  flags: boolean('flags').array(),
  moments: timestamp('moments', { withTimezone: true, mode: 'date' }).array(),
})

const filled: typeof thing.$inferSelect = {
  id: '0190f0c0-0000-7000-8000-000000000000',
  flag: true,
  whole: -7,
  big: 9_223_372_036_854_775_807n,
  ratio: 0.1,
  exact: '12345678901234567890.123',
  at: new Date('2026-01-02T03:04:05.678Z'),
  json: { list: [1, 'two', null], text: 'it\'s "quoted" \\ {,}' },
  words: ['plain', '', 'NULL', 'with "quotes", {braces} and \\', '한국어 🍲'],
  grid: [
    [1, 2],
    [3, 4],
  ],
  flags: [true, false],
  moments: [new Date(0), new Date('2026-01-02T03:04:05.678Z')],
}

/** A value of a class, as libraries have them. */
class Decimal {
  readonly digits = '1.50'
  toString(): string {
    return this.digits
  }
  toJSON(): string {
    return this.digits
  }
}

const createThing = `create table thing (id uuid primary key, flag boolean, whole int, big bigint, ratio float8, exact numeric,
  at timestamptz, json jsonb, words text[], grid int[][], flags boolean[], moments timestamptz[])`

/** Runs the suite; `open` gives each test an empty database. */
export function testValues(open: OpenEmpty): void {
  describe('values', () => {
    it('come back as they went in, through Drizzle', async () => {
      await using database = await open()
      await database.connection.exec(createThing)
      const db = createDrizzle(database.connection, { thing })
      expect(await db.insert(thing).values(filled).returning()).toEqual([filled])
      expect(await db.query.thing.findFirst({ where: eq(thing.big, 9_223_372_036_854_775_807n) })).toEqual(filled)
      await db.update(thing).set({ words: [], json: null, flag: null })
      expect(await db.select({ words: thing.words, json: thing.json, flag: thing.flag }).from(thing)).toEqual([
        { words: [], json: null, flag: null },
      ])
    })

    it('are the same in raw SQL', async () => {
      await using database = await open()
      const { rows } = await database.connection.query(
        `select $1::text[] as words, $2::int[] as numbers, $3::boolean[] as flags, $4::jsonb as json, $5::bigint as big,
                $6::float8[] as ratios, $7::uuid[] as ids, array[1, null] as holes, $8::timestamptz as at, $9::bigint as small,
                $10::timestamptz[] as moments`,
        [
          ['a', 'b "c"', 'NULL'],
          [1, 2],
          [true, false],
          { a: [1] },
          2n ** 62n,
          [0.5],
          [filled.id],
          new Date(0),
          3,
          [new Date(0)],
        ],
      )
      expect(rows).toEqual([
        {
          words: ['a', 'b "c"', 'NULL'],
          numbers: [1, 2],
          flags: [true, false],
          json: { a: [1] },
          big: 2n ** 62n,
          ratios: [0.5],
          ids: [filled.id],
          holes: [1, null],
          at: '1970-01-01 00:00:00+00',
          small: 3,
          moments: '{"1970-01-01 00:00:00+00"}',
        },
      ])
    })

    it.each<readonly [string, readonly unknown[]]>([
      ['text', [{ a: 1 }, ['a', 'b'], [1], [], [['a']], [new Uint8Array([1])]]],
      ['varchar(20)', [{ a: 1 }, ['a', 'b']]],
      ['int', [{ a: 1 }, [5], [], new Uint8Array([5])]],
      ['float8', [{ a: 1 }, [5], new Uint8Array([5])]],
      ['bigint', [{ a: 1 }, [5], new Uint8Array([5])]],
      ['numeric', [{ a: 1 }, [5], new Uint8Array([5])]],
      ['boolean', [{ a: 1 }, [true], new Uint8Array([1])]],
      ['uuid', [{ a: 1 }, ['0190f0c0-0000-7000-8000-000000000000'], new Uint8Array(16)]],
      ['date', [{ a: 1 }, ['2026-01-01'], new Uint8Array([1])]],
      ['timestamptz', [{ a: 1 }, [new Date(0)], new Uint8Array([1])]],
      ['time', [{ a: 1 }, ['10:00'], new Uint8Array([1])]],
      ['bytea', [{ a: 1 }, ['a']]],
      ['mood', [{ a: 1 }, ['good'], new Uint8Array([1])]],
      ['text[]', [{ a: 1 }, [{ a: 1 }], [[]], ['a', ['b']], new Uint8Array([1]), [new Map()]]],
      ['int[]', [{ a: 1 }, [{ a: 1 }], [[[]]], new Uint8Array([1]), 5]],
      ['jsonb', [new Uint8Array([1]), [new Uint8Array([1])], [Number.NaN], [1n]]],
      ['jsonb[]', [{ a: 1 }, [new Uint8Array([1])]]],
    ])('that a column of %s does not take are refused, and change nothing', async (type, values) => {
      await using database = await open()
      const { connection } = database
      await connection.exec(`create type mood as enum ('good'); create table thing (id int, value ${type})`)
      const insert = 'insert into thing values ($1, $2)'
      // Twice, because what has run before runs in another way.
      await connection.query(insert, [1, null])
      await connection.query(insert, [1, null])
      for (const value of values) {
        await expect(connection.query(insert, [2, value])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
        await expect(connection.query('update thing set value = $1', [value])).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        })
      }
      const { rows } = await connection.query('select count(*)::int as count, count(value)::int as filled from thing')
      expect(rows).toEqual([{ count: 2, filled: 0 }])
    })

    it('with a text of their own are that in a column of text', async () => {
      await using database = await open()
      const { connection } = database
      await connection.exec('create table thing (text text, exact numeric)')
      await connection.query('insert into thing values ($1, $2)', [new Decimal(), new Decimal()])
      expect((await connection.query('select * from thing')).rows).toEqual([{ text: '1.50', exact: '1.50' }])
    })

    it('keep two columns of one name apart, and say how many rows and which columns there are', async () => {
      await using database = await open()
      const { connection } = database
      expect(await connection.queryArrays('select 1 as a, 2 as a')).toMatchObject({ rows: [[1, 2]], rowCount: 1 })
      await connection.exec(createThing)
      expect(await connection.query(`insert into thing (id) values ($1)`, [filled.id])).toMatchObject({ rowCount: 1 })
      expect(await connection.query('select id from thing where false')).toMatchObject({
        rowCount: 0,
        fields: [{ name: 'id', dataTypeID: 2950 }],
      })
      const db = createDrizzle(connection, { thing })
      expect(await db.delete(thing)).toMatchObject({ rowCount: 1 })
      expect(await db.execute(sql`select 1 as one`)).toMatchObject({ rows: [{ one: 1 }] })
    })

    it.for([
      ['read only', { accessMode: 'read only' }, 'transaction_read_only', 'on'],
      ['serializable', { isolationLevel: 'serializable' }, 'transaction_isolation', 'serializable'],
      ['deferrable', { deferrable: true }, 'transaction_deferrable', 'on'],
    ] as const)('travel in transactions that are %s', async ([, options, setting, value]) => {
      await using database = await open()
      const db = createDrizzle(database.connection, {})
      const read = db.transaction((tx) => tx.execute(sql`select current_setting(${setting}) as value`), options)
      expect((await read).rows).toEqual([{ value }])
    })
  })
}
