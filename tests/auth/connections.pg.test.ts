/** Pools on the real server: reuse, replicas, schemas, settings of a session, closing, health. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { withReplicas } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { failureOf, secret } from '../support/leaks.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let admin: postgres.Sql
beforeAll(async () => {
  database = await createTestDatabase()
  admin = postgres(database.url, { max: 1, onnotice: () => undefined })
  await using authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

/** A connection string that no other test of this file uses, so that its sessions can be told apart. */
function ownUrl(): { url: string; sessions: () => Promise<number> } {
  const name = randomUUID()
  const url = new URL(database.url)
  url.searchParams.set('application_name', name)
  return {
    url: url.href,
    async sessions() {
      const [row] = await admin`select count(*)::int as count from pg_stat_activity where application_name = ${name}`
      return Number(row?.['count'])
    },
  }
}

/** Some containers have none. */
function hasIPv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))
}

it('gives each session its timeouts, in milliseconds', async () => {
  const options = { statementTimeoutMs: 1234, lockTimeoutMs: 2345, idleInTransactionTimeoutMs: 3456 }
  await using authDb = createAuthDatabase({ connectionString: database.url, ...options })
  const settings = Object.keys({ statement_timeout: 0, lock_timeout: 0, idle_in_transaction_session_timeout: 0 })
  const rows = await authDb.sql`select name, setting from pg_settings where name = any (${settings}) order by name`
  expect(rows).toEqual([
    { name: 'idle_in_transaction_session_timeout', setting: '3456' },
    { name: 'lock_timeout', setting: '2345' },
    { name: 'statement_timeout', setting: '1234' },
  ])
})

it.skipIf(!hasIPv6Loopback())('reaches a server by its IPv6 address, in brackets', async () => {
  const { hostname, port } = new URL(database.url)
  const sixth = createServer((client) => {
    const server = connect(Number(port), hostname)
    client.pipe(server).pipe(client)
    for (const socket of [client, server]) socket.on('error', () => undefined)
  }).listen(0, '::1')
  onTestFinished(() => void sixth.close())
  await once(sixth, 'listening')
  const address = sixth.address()
  const url = new URL(database.url)
  url.hostname = '[::1]'
  url.port = String(address !== null && typeof address === 'object' && address.port)
  await using authDb = createAuthDatabase({ connectionString: url.href })
  expect(await authDb.sql`select count(*)::int as users from "user"`).toEqual([{ users: 0 }])
})

describe('the same connection string twice in one process', () => {
  it('is one pool under hot reload, where closing one closes all', async () => {
    const { url, sessions } = ownUrl()
    const options = { connectionString: url, reusePool: true, maxConnections: 1 }
    const first = createAuthDatabase(options)
    const reloaded = createAuthDatabase(options)
    await Promise.all([first.ready(), reloaded.ready()])
    expect(await sessions()).toBe(1)
    await reloaded.close()
    expect(await failureOf(() => first.ready())).toMatchObject({ code: 'CLOSED' })
    await using afterwards = createAuthDatabase(options)
    await afterwards.ready()
    expect(await sessions()).toBe(1)
  })

  it('replaces a pool whose options were edited', async () => {
    const { url, sessions } = ownUrl()
    const before = createAuthDatabase({ connectionString: url, reusePool: true, maxConnections: 1 })
    await before.ready()
    await using edited = createAuthDatabase({ connectionString: url, reusePool: true, maxConnections: 2 })
    await edited.ready()
    await vi.waitFor(async () => expect(await sessions()).toBe(1), { timeout: 20_000 })
    expect(await failureOf(() => before.ready())).toMatchObject({ code: 'CLOSED' })
  })

  it('is reused by default in development only', async () => {
    const { url, sessions } = ownUrl()
    for (const [env, expected] of [
      ['production', 2],
      ['development', 3],
    ] as const) {
      vi.stubEnv('NODE_ENV', env)
      const both = [1, 2].map(() => createAuthDatabase({ connectionString: url, maxConnections: 1 }))
      vi.unstubAllEnvs()
      await Promise.all(both.map((authDb) => authDb.ready()))
      expect(await sessions()).toBe(expected)
      if (env === 'development') await Promise.all(both.map((authDb) => authDb.close()))
    }
  })

  it('keeps connection strings out of what printing the globals shows', async () => {
    await using authDb = createAuthDatabase({
      connectionString: `postgres://ada:${secret}@localhost/notes`,
      reusePool: true,
    })
    expect(authDb.poolStatus().max).toBe(10)
    expect(
      Object.getOwnPropertySymbols(globalThis).filter(
        (key) => Object.prototype.propertyIsEnumerable.call(globalThis, key) && key.description?.includes('typyst'),
      ),
    ).toEqual([])
  })
})

it("reads from replicas by Drizzle's own means and writes to the primary", async () => {
  // Two databases instead of a replication, so that it shows who was asked.
  await using other = await createTestDatabase()
  await using primary = createAuthDatabase({ connectionString: database.url })
  await using replica = createAuthDatabase({ connectionString: other.url })
  await replica.migrate()
  const db = withReplicas(primary.db, [replica.db])
  const { user } = primary.schema
  await db.insert(user).values({ id: randomUUID(), name: 'Ada', email: `${randomUUID()}@example.com` })
  expect(await db.select().from(user)).toEqual([])
  expect(await db.query.user.findMany()).toEqual([])
  expect((await db.$primary.select().from(user)).length).toBe(1)
  await db.delete(user)
})

describe('close', () => {
  it('lets what runs finish, refuses what comes, and leaves no session', async () => {
    const { url, sessions } = ownUrl()
    const authDb = createAuthDatabase({ connectionString: url })
    const running = authDb.sql`select pg_sleep(0.3), 7 as seven`
    await vi.waitFor(async () => expect(await sessions()).toBe(1))
    const closing = authDb.close()
    expect(await failureOf(() => authDb.sql`select 1`)).toMatchObject({ code: 'CLOSED' })
    expect(await running).toMatchObject([{ seven: 7 }])
    await closing
    await vi.waitFor(async () => expect(await sessions()).toBe(0))
  })

  it('ends what does not finish in time, and says that it did', async () => {
    const { url, sessions } = ownUrl()
    const authDb = createAuthDatabase({ connectionString: url, closeTimeoutMs: 100 })
    const running = failureOf(() => authDb.sql`select pg_sleep(100)`)
    await vi.waitFor(async () => expect(await sessions()).toBe(1))
    await authDb.close()
    expect(await running).toMatchObject({ code: 'CLOSED' })
  })
})

describe('health', () => {
  it('tells an empty database, a migrated one, one that is down and a closed one apart', async () => {
    await using empty = await createTestDatabase()
    const authDb = createAuthDatabase({ connectionString: empty.url })
    expect(await authDb.health()).toMatchObject({ isLive: true, isReady: false, code: 'SCHEMA_MISMATCH' })
    await authDb.migrate()
    expect(await authDb.health()).toMatchObject({ isLive: true, isReady: true, code: undefined })
    await authDb.close()
    expect(await authDb.health()).toMatchObject({ isLive: false, isReady: false, code: 'CLOSED' })
    await using down = createAuthDatabase({ connectionString: `postgres://ada:${secret}@127.0.0.1:1/notes` })
    expect(await down.health()).toMatchObject({ isLive: true, isReady: false, code: 'CONNECTION_FAILED' })
  })

  it('answers in time also when the database does not', async () => {
    await using authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 1 })
    await admin.begin(async (sql) => {
      await sql`lock table drizzle.__typyst_auth_migrations in access exclusive mode`
      expect(await authDb.health({ timeoutMs: 50 })).toMatchObject({ isReady: false, code: 'QUERY_CANCELED' })
      expect(authDb.poolStatus()).toMatchObject({ busy: 1, waiting: 0, max: 1 })
    })
    expect(await authDb.health()).toMatchObject({ isReady: true })
  })
})

it('shows how busy the pool is', async () => {
  await using authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 2 })
  const { db } = authDb
  await db.transaction(async () => {
    const sleeping = [1, 2, 3].map(() => authDb.sql`select pg_sleep(0.1)`)
    expect(authDb.poolStatus()).toEqual({ busy: 2, waiting: 2, max: 2, transactions: 1, timedOut: 0 })
    await Promise.all(sleeping)
    expect(authDb.poolStatus()).toEqual({ busy: 1, waiting: 0, max: 2, transactions: 1, timedOut: 0 })
  })
  expect(authDb.poolStatus()).toEqual({ busy: 0, waiting: 0, max: 2, transactions: 0, timedOut: 0 })
})

describe('prepared statements', () => {
  const prepared = async (authDb: ReturnType<typeof createAuthDatabase>) =>
    authDb.sql`select statement from pg_prepared_statements where statement like '%token%' and not statement like '%pg_prepared%'`

  it('are kept by the server from the second time on, and not where they are off', async () => {
    for (const [preparedStatements, expected] of [
      [undefined, 1],
      [false, 0],
    ] as const) {
      await using authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 1, preparedStatements })
      const { session } = authDb.schema
      for (let round = 0; round < 3; round += 1) await authDb.db.query.session.findFirst({ columns: { token: true } })
      expect(await prepared(authDb)).toHaveLength(expected)
      await authDb.db.delete(session)
    }
  })

  it('survive a migration that changes what they return', async () => {
    await using authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 1 })
    await admin`create table changing (a int)`
    for (let round = 0; round < 3; round += 1) await authDb.sql`select * from changing`
    await admin`alter table changing add column b text default 'new'`
    await admin`insert into changing values (1)`
    expect(await authDb.sql`select * from changing`).toEqual([{ a: 1, b: 'new' }])
  })
})

it('goes on with a statement that it has a plan of after the types of its table were changed', async () => {
  await using authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 2 })
  const id = randomUUID()
  const find = (sql: Pick<typeof authDb, 'sql'>['sql']) => sql.unsafe('select * from thing where id = $1', [id])
  await authDb.sql`create table thing (id text primary key)`
  await authDb.sql`insert into thing values (${id})`
  // Each connection has its own plan, and uses it from the second time on.
  for (let round = 0; round < 3; round += 1) await Promise.all([find(authDb.sql), find(authDb.sql)])
  await admin`alter table thing alter column id type uuid using id::uuid`
  expect(await Promise.all([find(authDb.sql), find(authDb.sql)])).toEqual([[{ id }], [{ id }]])
  await admin`alter table thing add column note text`
  expect(await find(authDb.sql)).toEqual([{ id, note: null }])
  await authDb.sql`drop table thing`
})
