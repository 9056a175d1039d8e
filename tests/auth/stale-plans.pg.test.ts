/** Plans that the server keeps heal when what they were made for has changed, on each connection and in transactions. */
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresConnection } from '../../src/auth/connection/postgres-connection.ts'
import { resolvePostgres } from '../../src/auth/connection/postgres-target.ts'
import { choosePrepared } from '../../src/auth/connection/prepared-statements.ts'
import { isTypystDbError } from '../../src/errors.ts'
import type { SqlConnection, SqlExecutor } from '../../src/internal/sql-connection.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let admin: postgres.Sql
beforeAll(async () => {
  database = await createTestDatabase()
  admin = postgres(database.url, { max: 1, onnotice: () => undefined })
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

/** What a pooler may do between two statements. */
const forget = 'deallocate all'

interface Change {
  readonly setUp: string
  readonly statement: string
  readonly before: readonly unknown[]
  readonly change: string
  readonly after: readonly unknown[]
  readonly result: unknown
}

const changes: Readonly<Record<string, Change>> = {
  'an enum that was made anew': {
    setUp: `create type mood as enum ('calm'); create table thing (mood mood)`,
    statement: 'insert into thing values ($1) returning mood::text',
    before: ['calm'],
    change: `drop table thing; drop type mood; create type mood as enum ('calm', 'loud'); create table thing (mood mood)`,
    after: ['loud'],
    result: { mood: 'loud' },
  },
  'a column that became wider': {
    setUp: 'create table thing (n int)',
    statement: 'insert into thing values ($1) returning n',
    before: [1],
    change: 'alter table thing alter column n type bigint',
    after: [3_000_000_000],
    result: { n: 3_000_000_000 },
  },
  'a key that became another type': {
    setUp: 'create table thing (n int); insert into thing values (7)',
    statement: 'select n from thing where n = $1',
    before: [7],
    change: 'alter table thing alter column n type text',
    after: ['7'],
    result: { n: '7' },
  },
  'a date that became a text': {
    setUp: 'create table thing (n date)',
    statement: 'insert into thing values ($1) returning n',
    before: ['2026-01-01'],
    change: 'alter table thing alter column n type text',
    after: ['soon'],
    result: { n: 'soon' },
  },
  'a number that became a text': {
    setUp: 'create table thing (n int)',
    statement: 'insert into thing values ($1) returning n',
    before: ['1'],
    change: 'alter table thing alter column n type text',
    after: ['one'],
    result: { n: 'one' },
  },
  'a table that was made anew': {
    setUp: 'create table thing (n int, m int)',
    statement: 'insert into thing (n) values ($1) returning *',
    before: [1],
    change: 'drop table thing; create table thing (m text, n text)',
    after: ['one'],
    result: { m: null, n: 'one' },
  },
  'a column that was added': {
    setUp: 'create table thing (n int)',
    statement: 'insert into thing (n) values ($1) returning *',
    before: [1],
    change: `alter table thing add column note text default 'new'`,
    after: [2],
    result: { n: 2, note: 'new' },
  },
  'a function that takes and gives another type': {
    setUp: 'create function twice(n int) returns int language sql return n * 2',
    statement: 'select twice($1) as n',
    before: [1],
    change: `drop function twice(int); create function twice(n text) returns text language sql return n || n`,
    after: ['ab'],
    result: { n: 'abab' },
  },
  'a function in PL/pgSQL whose table was made anew': {
    setUp: `create type mood as enum ('calm'); create table thing (mood mood);
      create function put(m text) returns text language plpgsql as $$ declare got mood; begin
        insert into thing values (m::mood) returning mood into got; return got; end $$`,
    statement: 'select put($1) as n',
    before: ['calm'],
    change: `drop table thing; drop type mood cascade; create type mood as enum ('calm', 'loud'); create table thing (mood mood);
      create or replace function put(m text) returns text language plpgsql as $$ declare got mood; begin
        insert into thing values (m::mood) returning mood into got; return got; end $$`,
    after: ['loud'],
    result: { n: 'loud' },
  },
  'a table that another of its name now hides': {
    setUp: `create table public.thing (n int); create schema if not exists "postgres"`,
    statement: 'insert into thing values ($1) returning n',
    before: [1],
    change: `create table "postgres".thing (n text)`,
    after: ['one'],
    result: { n: 'one' },
  },
  'plans that the server has thrown away': {
    setUp: 'create table thing (n int)',
    statement: 'insert into thing values ($1) returning n',
    before: [1],
    change: forget,
    after: [2],
    result: { n: 2 },
  },
}

const cleanUp = `drop table if exists public.thing, "postgres".thing cascade; drop type if exists mood cascade;
  drop function if exists twice(int), twice(text), put(text)`

/** Makes plans on three connections, changes what they were made for, and lets a test use them again. */
async function changed(name: string, use: (connection: SqlConnection, change: Change) => Promise<void>): Promise<void> {
  const change = changes[name]
  if (!change) return
  await admin.unsafe(`create schema if not exists "postgres"; ${cleanUp}; ${change.setUp}`)
  const { connection, close } = createPostgresConnection(resolvePostgres(database.url, { maxConnections: 3 }))
  const onEach = (run: (tx: SqlExecutor) => Promise<unknown>) =>
    Promise.all(
      [1, 2, 3].map(() =>
        connection.transaction(async (tx) => {
          // So that none of them has ended when another begins.
          await tx.query('select pg_sleep(0.02)')
          for (let time = 0; time < 3; time += 1) await run(tx)
        }),
      ),
    )
  await onEach((tx) => tx.query(change.statement, change.before))
  if (change.change === forget)
    await Promise.all([1, 2, 3].map(() => connection.exec(`select pg_sleep(0.02); ${forget}`)))
  else await admin.unsafe(change.change)
  await use(connection, change)
  await close()
}

describe('outside of a transaction no call fails for', () => {
  it.for(Object.keys(changes))('%s', async (name) => {
    await changed(name, async (connection, { statement, after, result }) => {
      for (let time = 0; time < 4; time += 1) {
        const asked = Array.from({ length: 9 }, () => connection.query(statement, after))
        for (const { rows } of await Promise.all(asked)) expect(rows).toEqual([result])
      }
    })
  })
})

describe('in transactions, at most those that were under way fail for', () => {
  it.for(Object.keys(changes))('%s', async (name) => {
    await changed(name, async (connection, { statement, after, result }) => {
      const codes: string[] = []
      for (let time = 0; time < 10; time += 1) {
        try {
          const { rows } = await connection.transaction((tx) => tx.query(statement, after))
          expect(rows).toEqual([result])
        } catch (cause) {
          if (!isTypystDbError(cause)) throw cause
          codes.push(cause.code)
        }
      }
      // What ends a transaction is prepared as well, on each connection.
      expect(codes.length).toBeLessThanOrEqual(changes[name]?.change === forget ? 3 : 1)
      // And it has a plan again, which fits.
      const { rows } = await connection.transaction(async (tx) => {
        await tx.query(statement, after)
        return tx.query('select from pg_prepared_statements where rtrim(statement) = $1', [statement])
      })
      expect(rows.length).toBeGreaterThan(0)
    })
  })
})

describe('a plan', () => {
  const planned = (plans: ReturnType<typeof choosePrepared>, text: string) => {
    plans.planFor(text)
    return plans.planFor(text) ?? ''
  }

  it('is renewed once, however many runs of it failed', () => {
    const plans = choosePrepared()
    const plan = planned(plans, 'select 1')
    for (let time = 0; time < 5; time += 1) plans.renew('select 1', plan)
    expect(plans.planFor('select 1')).toBe('select 1 ')
    plans.suspect('select 1', plan)
    expect(plans.planFor('select 1')).toBe('select 1 ')
  })

  it('is given up when it fails again and again, and takes no place of others', () => {
    const plans = choosePrepared()
    let renewed = 0
    for (let plan: string | undefined = planned(plans, 'select 1'); plan !== undefined; renewed += 1) {
      plans.suspect('select 1', plan)
      expect(plans.planFor('select 1')).toBeUndefined()
      plan = plans.planFor('select 1')
    }
    expect(renewed).toBeLessThan(50)
    for (let number = 0; number < 100; number += 1) expect(planned(plans, `select ${number} as n`)).not.toBe('')
  })
})
