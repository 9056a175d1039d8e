/** What one caller must not leave in a session that another one gets next, on whatever database. */
import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { authSchema } from '../../src/schema/auth.ts'
import { failureOf } from '../support/leaks.ts'

type Open = (schema: typeof authSchema) => Promise<AuthDatabase>

const refused = { code: 'STATEMENT_REFUSED' }
const { user } = authSchema
const ada = { id: 'ada', name: 'Ada', email: 'ada@example.com' }

/** Registers the tests. */
export function testSessionChanges(open: Open): void {
  it('refuses to begin by hand, and loses nothing that is written afterwards', async () => {
    await using authDb = await open(authSchema)
    for (const text of [
      'begin',
      'BEGIN;',
      '-- a\nbegin',
      'start transaction',
      'savepoint a',
      `prepare transaction 'a'`,
    ]) {
      expect(await failureOf(() => authDb.sql.unsafe(text)), text).toMatchObject(refused)
      expect(await failureOf(() => authDb.db.execute(text)), text).toMatchObject(refused)
    }
    await authDb.db.insert(user).values(ada)
    expect(await failureOf(() => authDb.sql.unsafe('rollback'))).toMatchObject(refused)
    expect(await authDb.db.$count(user)).toBe(1)
  })

  it('refuses to end a transaction by hand, which goes on and has its own way', async () => {
    await using authDb = await open(authSchema)
    const own = new Error('of the caller')
    const undone = authDb.db.transaction(async (tx) => {
      await tx.insert(user).values(ada)
      for (const text of ['commit', 'end', 'commit and chain', 'savepoint a', 'abort']) {
        expect(await failureOf(() => tx.execute(text)), text).toMatchObject(refused)
        expect(await failureOf(() => tx.transaction((inner) => inner.execute(text))), text).toMatchObject(refused)
      }
      throw own
    })
    await expect(undone).rejects.toBe(own)
    expect(await authDb.db.$count(user)).toBe(0)
  })

  it('gives the next caller the session that the last one got', async () => {
    await using authDb = await open(authSchema)
    for (const text of [
      'set search_path to pg_catalog',
      `select set_config('search_path', 'pg_catalog', false)`,
      `select U&"s\\0065t_config"('search_path', 'pg_catalog', false)`,
      `select pg_catalog.U&"s!0065t_config" uescape '!' ('search_path', 'pg_catalog', false)`,
      `do $$ begin perform set_config('search_path', 'pg_catalog', false); end $$`,
      'select setseed(0.5)',
      'create temp table "user" (id text)',
      'select 1 as id into temp "user"',
      'prepare a as select 1',
      'deallocate all',
      'discard all',
      'listen a',
      'select pg_advisory_lock(1)',
      'copy "user" from stdin',
      'copy "user" to stdout',
    ]) {
      expect(await failureOf(() => authDb.sql.unsafe(text)), text).toMatchObject(refused)
      expect(await failureOf(() => authDb.db.transaction((tx) => tx.execute(text))), text).toMatchObject(refused)
    }
    await authDb.db.insert(user).values(ada)
    expect(await authDb.db.select({ id: user.id }).from(user)).toEqual([{ id: 'ada' }])
  })

  it('lets through what ends with its transaction, and what only looks like more', async () => {
    await using authDb = await open(authSchema)
    await authDb.db.insert(user).values(ada)
    await authDb.db.transaction(async (tx) => {
      await tx.execute('set local search_path to public')
      await tx.execute(`select set_config('lock_timeout', '100', true)`)
      await tx.execute('create temp table "commit" ("begin" int) on commit drop')
      await tx.execute('insert into "commit" values (1)')
      await tx.transaction((inner) => inner.execute('select "begin" from "commit"'))
      await tx.execute('select pg_advisory_xact_lock(1)')
      await tx.execute('set constraints all deferred')
    })
    await authDb.sql`do $$ begin perform 1; end $$`
    await authDb.sql`update "user" set name = 'begin; commit' where id = ${ada.id}`
    await authDb.sql.unsafe(`create function two() returns int begin atomic select 1; select 2; end`)
    expect(await authDb.sql`select two() as "rollback"`).toEqual([{ rollback: 2 }])
    const [found] = await authDb.db.select().from(user).where(eq(user.name, 'begin; commit'))
    expect(found?.id).toBe('ada')
    await authDb.sql`drop function two()`
  })
}
