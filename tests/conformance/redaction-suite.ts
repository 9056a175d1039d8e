/** No error and no output holds a value, and each failure has its code, on whatever connection and by every way in. */
import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuthDatabase } from '../../src/auth/create-auth-database.ts'
import { failureOf, leakIn, outputOf, secret } from '../support/leaks.ts'
import { failingStatements, vault } from './redaction-statements.ts'

/** A migrated auth database; disposing it deletes it. */
export type OpenAuth = () => Promise<{ readonly authDb: AuthDatabase } & AsyncDisposable>

/** A way to run a statement. */
export type Way = (text: string, params: readonly unknown[]) => Promise<unknown>

/** The ways an auth database has. */
export const waysOf = ({ db, sql: tag }: AuthDatabase): Record<string, Way> => ({
  'db.execute': (text, params) => db.execute(toSql(text, params)),
  'a transaction': (text, params) => db.transaction((tx) => tx.execute(toSql(text, params))),
  'a nested transaction': (text, params) =>
    db.transaction((tx) => tx.transaction((inner) => inner.execute(toSql(text, params)))),
  'the sql tag': (text, params) => {
    const parts = text.split(/\$\d/)
    const used = [...text.matchAll(/\$(\d)/g)].map(([, number]) => params[Number(number) - 1])
    return tag(Object.assign(parts, { raw: parts }), ...used)
  },
  'sql.unsafe': (text, params) => tag.unsafe(text, params),
})

/** Runs the suite on one database for all. */
export function testRedaction(open: OpenAuth): void {
  describe('redaction', () => {
    let opened: Awaited<ReturnType<OpenAuth>>
    let authDb: AuthDatabase
    beforeAll(async () => {
      opened = await open()
      authDb = opened.authDb
      for (const statement of vault.split(/;(?=\n {2}(?:create|insert))/)) await authDb.sql.unsafe(statement)
    })
    afterAll(() => opened[Symbol.asyncDispose]())

    it.for(failingStatements)('$name: $code, by every way in', async ({ text, params, name: _name, ...expected }) => {
      for (const [way, run] of Object.entries(waysOf(authDb))) {
        // Only text with numbers in it can ask for a parameter that is not there.
        if (text.includes('$2') && params.length < 2 && way !== 'sql.unsafe') continue
        expect(await failureOf(() => run(text, params)), way).toMatchObject(expected)
      }
      expect(await authDb.sql`select id from vault`).toEqual([{ id: 1 }])
    })

    it('keeps names off an error that no catalog knows, and those on it that one does', async () => {
      const { sql: tag } = authDb
      await tag.unsafe(
        'create table named (id int constraint named_key primary key, body text constraint named_body check (length(body) < 50), ref int constraint named_ref references named, must int not null)',
      )
      await tag.unsafe(`create function speak() returns trigger language plpgsql as $f$ begin
        if new.id = 7 then raise exception 'no' using errcode = new.body, constraint = '${secret}', table = '${secret}',
          column = '${secret}', schema = '${secret}', datatype = '${secret}', detail = '${secret}', hint = '${secret}'; end if;
        return new; end $f$`)
      await tag.unsafe('create trigger speak before insert on named for each row execute function speak()')
      for (const [way, run] of Object.entries(waysOf(authDb))) {
        for (const code of ['23505', '23503', '23502', '23514', 'P0001', '22023', '42501']) {
          const insert = 'insert into named (id, must, body) values (7, 1, $1)'
          const error = await failureOf(() => run(insert, [code]))
          expect(error, `${way} ${code}`).toMatchObject({ sqlState: code })
          for (const name of ['constraint', 'table', 'column', 'schema']) expect(error, name).not.toHaveProperty(name)
        }
        const known = [
          ['insert into named (id, must) values (1, 1), (1, 1)', { constraint: 'named_key', table: 'named' }],
          ['insert into named (id, must, ref) values (2, 1, 99)', { constraint: 'named_ref', table: 'named' }],
          [
            "insert into named (id, must, body) values (2, 1, repeat('x', 60))",
            { constraint: 'named_body', table: 'named' },
          ],
          ['insert into named (id) values (2)', { column: 'must', table: 'named', schema: 'public' }],
        ] as const
        for (const [text, names] of known) {
          expect(await failureOf(() => run(text, [])), `${way} ${text}`).toMatchObject(names)
        }
      }
    })

    it('keeps notices and warnings of the database off the console', async () => {
      for (const run of Object.values(waysOf(authDb))) {
        expect(leakIn(await outputOf(() => run('select whisper($1)', [secret])))).toBeUndefined()
      }
    })

    it('cleans what the query builder, relational queries and prepared statements throw', async () => {
      const { db, schema } = authDb
      const newUser = { id: secret, name: secret, email: `${secret}@example.com` }
      await db.insert(schema.user).values(newUser)
      const unique = await failureOf(async () => db.insert(schema.user).values({ ...newUser, id: 'other' }))
      expect(unique).toMatchObject({ code: 'UNIQUE_VIOLATION', constraint: 'user_email_unique', table: 'user' })
      const castId = sql`${schema.user.id}::int = ${secret}::int`
      const noDate = secret as unknown as Date // What JavaScript lets a caller pass.
      const attempts = [
        () => db.query.user.findMany({ where: castId, with: { sessions: true } }),
        async () => db.select().from(schema.user).where(castId),
        async () => db.update(schema.user).set({ name: secret }).where(castId),
        async () => db.delete(schema.user).where(castId),
        async () => db.$count(schema.user, castId),
        async () => db.insert(schema.user).values({ ...newUser, createdAt: noDate }),
        async () => db.insert(schema.user).values({ ...newUser, createdAt: new Date(Number.NaN) }),
        async () => {
          const one = sql`${schema.user.id}::int = ${sql.placeholder('id')}::int`
          return db.select().from(schema.user).where(one).prepare('by_id').execute({ id: secret })
        },
        async () => {
          const one = sql`${schema.user.id} = ${sql.placeholder('id')} and ${schema.user.name} = ${secret}`
          return db.select().from(schema.user).where(one).prepare('by_id').execute()
        },
      ]
      for (const attempt of attempts) expect(await failureOf(attempt)).toMatchObject({ code: 'INVALID_INPUT' })
      await db.delete(schema.user)
    })

    it('cleans what reading a row throws', async () => {
      const column = sql<string>`${secret}::text`.mapWith(() => JSON.parse(`{${secret}`) as string)
      const error = await failureOf(async () =>
        authDb.db
          .select({ column })
          .from(authDb.schema.user)
          .rightJoin(one, sql`true`),
      )
      expect(error).toMatchObject({ code: 'INVALID_INPUT' })
    })

    it('fails a transaction that swallowed a failure, and commits one that undid it with a savepoint', async () => {
      const taken = sql`insert into vault (id, code) values (7, ${secret})`
      const swallowing = failureOf(() =>
        authDb.db.transaction(async (tx) => {
          await tx.execute(sql`insert into vault (id) values (8)`)
          await tx.execute(taken).catch(() => undefined)
        }),
      )
      expect(await swallowing).toMatchObject({ code: 'TRANSACTION_ABORTED', sqlState: '25P02' })
      expect(await authDb.sql`select id from vault`).toEqual([{ id: 1 }])
      await authDb.db.transaction(async (tx) => {
        await tx.execute(sql`insert into vault (id) values (8)`)
        await expect(tx.transaction((inner) => inner.execute(taken))).rejects.toMatchObject({
          code: 'UNIQUE_VIOLATION',
        })
        await tx.execute(sql`insert into vault (id) values (9)`)
      })
      expect(await authDb.sql`delete from vault where id > 1 returning id`).toEqual([{ id: 8 }, { id: 9 }])
    })

    it('says that the transaction is over to a query that comes late', async () => {
      const query = await authDb.db.transaction((tx) => Promise.resolve(() => tx.execute(sql`select ${secret}`)))
      expect(await failureOf(query)).toMatchObject({ code: 'TRANSACTION_ABORTED' })
    })

    it.for([
      ['an error', new Error(secret)],
      ['a text', secret],
      ['nothing', undefined],
    ] as const)('passes %s that the caller throws in a transaction as it is', async ([, thrown]) => {
      const outer = authDb.db.transaction(() => Promise.reject(thrown as Error))
      expect(await outer.catch((cause: unknown) => ({ cause }))).toEqual({ cause: thrown })
      const inner = authDb.db.transaction((tx) => tx.transaction(() => Promise.reject(thrown as Error)))
      expect(
        await inner.then(
          () => 'resolved',
          (cause: unknown) => cause === thrown,
        ),
      ).toBe(true)
      const after = authDb.db.transaction(async (tx) => {
        await tx.execute(sql`select ${secret}::int`).catch(() => undefined)
        throw thrown as Error
      })
      expect(
        await after.then(
          () => 'resolved',
          (cause: unknown) => cause === thrown,
        ),
      ).toBe(true)
    })
  })
}

const one = sql`(select 1) as one`

function toSql(text: string, params: readonly unknown[]): SQL {
  const [first = '', ...rest] = text.split(/\$(?=\d)/)
  return sql.join([
    sql.raw(first),
    ...rest.flatMap((part) => [sql`${sql.param(params[Number(part[0]) - 1])}`, sql.raw(part.slice(1))]),
  ])
}
