/** A connection whose answers no longer match, or that is left in another state, is given up: no one gets another's answer. */
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPostgresConnection } from '../../src/auth/connection/postgres-connection.ts'
import { resolvePostgres } from '../../src/auth/connection/postgres-target.ts'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { isTypystDbError } from '../../src/errors.ts'
import { failureOf } from '../support/leaks.ts'
import { startMessageProxy } from '../support/message-proxy.ts'
import type { MessageProxy } from '../support/message-proxy.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let proxy: MessageProxy
let admin: postgres.Sql
let authDb: AuthDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  proxy = await startMessageProxy(database.url)
  admin = postgres(database.url, { max: 1 })
  await admin`create table noted (n int)`
  authDb = createAuthDatabase({ connectionString: proxy.url, maxConnections: 1, responseTimeoutMs: 500 })
})
afterAll(async () => {
  await authDb.close()
  await admin.end()
  await proxy[Symbol.asyncDispose]()
  await database.drop()
})
beforeEach(async () => {
  proxy.change(undefined)
  await admin`truncate noted`
  // Prepared, and sent ahead of its answer.
  for (let time = 0; time < 3; time += 1) expect(await ask(time)).toBe(time)
})

const ask = async (n: number): Promise<unknown> => {
  const [row, ...more] = await authDb.sql`select ${n}::int as n`
  return more.length === 0 ? row?.['n'] : 'too many'
}
const note = async (n: number) => {
  const [row] = await authDb.sql`insert into noted values (${n}) returning n`
  return row?.['n']
}

/** Each call's own answer, or the code it failed with. */
async function outcomes(asked: readonly Promise<unknown>[]): Promise<unknown[]> {
  const code = (cause: unknown) => (isTypystDbError(cause) ? cause.code : String(cause))
  return Promise.all(asked.map((call) => call.catch(code)))
}
const numbers = Array.from({ length: 50 }, (_, n) => n)
const onlyOwn = (got: readonly unknown[]) => got.filter((answer, n) => answer !== n && answer !== 'CONNECTION_FAILED')

const kinds = ['1', '2', 't', 'T', 'D', 'C', 'Z'] as const
const changes = { drops: [], doubles: [0, 0] } as const

describe('a server that', () => {
  it.for(kinds.flatMap((kind) => Object.entries(changes).map(([verb, copies]) => [verb, kind, copies] as const)))(
    '%s a message "%s" gives nobody another answer',
    async ([, kind, copies]) => {
      for (const at of [0, 7]) {
        let seen = 0
        proxy.change((type, message) => (type === kind && seen++ === at ? copies.map(() => message) : [message]))
        // New to the server, known to it, and with rows of a change.
        const asked = numbers.map((n) =>
          n % 3 === 0
            ? note(n)
            : n % 7 === 0
              ? authDb.sql.unsafe(`select $1::int as n /* ${n} */`, [n]).then(([row]) => row?.['n'])
              : ask(n),
        )
        expect(onlyOwn(await outcomes(asked))).toEqual([])
        proxy.change(undefined)
        await expect.poll(() => ask(1).catch(() => 0)).toBe(1)
      }
    },
  )

  it('sends what the driver cannot read, gives nobody another answer', async () => {
    let seen = 0
    const cut = (message: Buffer) => {
      const short = Buffer.from(message.subarray(0, 9))
      short.writeUInt32BE(8, 1)
      return [short]
    }
    proxy.change((type, message) => (type === 'D' && seen++ === 5 ? cut(message) : [message]))
    const got = await outcomes(numbers.map(ask))
    expect(onlyOwn(got)).toEqual([])
    expect(got).toContain('CONNECTION_FAILED')
    proxy.change(undefined)
    await expect.poll(() => ask(1).catch(() => 0)).toBe(1)
  })

  it.for([
    ['an error that no one asked for', 'E', Buffer.from('E\0\0\0\x16SERROR\0VERROR\0C22012\0M\0\0', 'latin1')],
    ['a message of no known type', '?', Buffer.from('?\0\0\0\x04', 'latin1')],
    ['a copy', 'G', Buffer.from('G\0\0\0\x07\0\0\0', 'latin1')],
    ['a call of a function', 'V', Buffer.from('V\0\0\0\x08\0\0\0\0', 'latin1')],
    ['a portal that is suspended', 's', Buffer.from('s\0\0\0\x04', 'latin1')],
  ] as const)('sends %s between two answers gives nobody another answer', async ([, , odd]) => {
    odd.writeUInt32BE(odd.length - 1, 1)
    let seen = 0
    proxy.change((type, message) => (type === 'Z' && seen++ === 5 ? [message, odd] : [message]))
    const got = await outcomes(numbers.map(ask))
    expect(onlyOwn(got)).toEqual([])
    expect(got).toContain('CONNECTION_FAILED')
    proxy.change(undefined)
    await expect.poll(() => ask(1).catch(() => 0)).toBe(1)
  })
})

// Such statements are refused by their text; here they come past that, as those in a function of the server's would.
describe('a statement that leaves the connection', () => {
  it.for([
    ['in a transaction', 'begin'],
    ['in a transaction, in the words of our own', 'begin read write'],
    ['in a transaction of another kind', 'start transaction isolation level serializable'],
    ['in a copy to the server', 'copy noted from stdin'],
    ['in a copy from the server', 'copy noted to stdout'],
  ] as const)('%s takes no other with it that was acknowledged', async ([, text]) => {
    for (const way of ['query', 'exec'] as const) {
      const { connection, close } = createPostgresConnection(resolvePostgres(database.url, { maxConnections: 1 }))
      const insert = async (n: number) =>
        (await connection.query('insert into noted values ($1) returning n', [n])).rows[0]?.['n']
      for (let time = 0; time < 3; time += 1) await insert(-1)
      let failure: unknown
      const asked = numbers.map((n) => {
        if (n === 20) connection[way](text).catch((cause: unknown) => (failure = cause))
        return insert(n)
      })
      const got = await outcomes(asked)
      expect(onlyOwn(got)).toEqual([])
      expect(failure).toMatchObject({ code: 'CONNECTION_FAILED' })
      const { rows } = await connection.query('select n from noted')
      // What failed may have taken effect; what did not fail has.
      const acknowledged = got.filter((answer) => typeof answer === 'number')
      expect(rows.map(({ n }) => n)).toEqual(expect.arrayContaining(acknowledged))
      await close()
    }
  })
})

it('tells of a transaction of our own what it told before: its own failures, and deferred ones at its end', async () => {
  await admin`create table later (n int unique deferrable initially deferred)`
  await authDb.sql`insert into later values (1)`
  for (let time = 0; time < 3; time += 1) {
    // Outside of a transaction the server checks when the statement is done, between its answer and its end.
    expect(await failureOf(() => authDb.sql`insert into later values (${1}::int)`)).toMatchObject({
      code: 'UNIQUE_VIOLATION',
    })
    expect(
      await failureOf(() => authDb.db.transaction((tx) => tx.execute('insert into later values (1)'))),
    ).toMatchObject({ code: 'UNIQUE_VIOLATION' })
    expect(await ask(time)).toBe(time)
  }
  // Statements that give a count and no rows, or rows and no count.
  for (let time = 0; time < 3; time += 1) {
    await authDb.sql`create table made as select generate_series(1, 3) as n`
    expect(await authDb.sql`explain select 1`).toHaveLength(1)
    expect(await authDb.sql`update made set n = n + 1 where n > 1 returning n`).toHaveLength(2)
    expect(await authDb.sql`with gone as (delete from made returning n) select * from gone`).toHaveLength(3)
    expect(await authDb.sql`show search_path`).toHaveLength(1)
    expect(await authDb.sql``.catch(() => [])).toEqual([])
    await authDb.db.execute('drop table made')
  }
})
