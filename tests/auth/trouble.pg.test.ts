/** What can happen to a server while it is in use: each has its code, the pool recovers, and no connection leaks. */
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase, AuthDatabaseOptions } from '../../src/auth/index.ts'
import { isTypystDbError } from '../../src/errors.ts'
import { failureOf, leaksOf, secret } from '../support/leaks.ts'
import { startPostgresServer } from '../support/postgres-server.ts'
import type { PostgresServer } from '../support/postgres-server.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { mountSmallDisk } from '../support/small-disk.ts'

let server: PostgresServer
let url: string
beforeAll(async () => {
  server = await startPostgresServer()
  const database = await createTestDatabase(server.url)
  url = database.url
  await using authDb = createAuthDatabase({ connectionString: url })
  await authDb.migrate()
  // The server runs without synchronous commits: a crash must not take the tables along.
  await authDb.sql`checkpoint`
})
afterAll(() => server[Symbol.asyncDispose]())

function open(options: AuthDatabaseOptions = {}): AuthDatabase {
  return createAuthDatabase({ connectionString: url, maxConnections: 4, ...options })
}

const connectionTrouble = ['CONNECTION_FAILED', 'TRANSACTION_ABORTED']

/** Reads and writes without a pause until it is stopped or meets what is no trouble with the connection. */
function startLoad({ db, schema }: AuthDatabase) {
  let isRunning = true
  let done = 0
  const failures: unknown[] = []
  const client = async (id: string) => {
    while (isRunning) {
      try {
        await db.transaction(async (tx) => {
          await tx.insert(schema.user).values({ id, name: secret, email: `${id}@example.com` })
          await tx.delete(schema.user).where(eq(schema.user.id, id))
        })
        await db.select().from(schema.session)
        done += 1
      } catch (cause) {
        failures.push(cause)
        if (!isTypystDbError(cause) || !connectionTrouble.includes(cause.code)) return
      }
    }
  }
  const clients = Array.from({ length: 16 }, (_, index) => client(`load-${String(index)}`))
  return {
    progress: () => done,
    async stop() {
      isRunning = false
      await Promise.all(clients)
      return failures
    },
  }
}

/** How many sessions of ours the server has. */
async function countSessions(): Promise<number> {
  const admin = postgres(url, { max: 1 })
  try {
    const [row] = await admin`select count(*)::int as count from pg_stat_activity
      where application_name = '@typyst/db' and datname = current_database()`
    return Number(row?.['count'])
  } finally {
    await admin.end()
  }
}

/** Everything that failed says why with a code for trouble with the connection, and nothing else. */
function expectConnectionTrouble(failures: readonly unknown[]): void {
  expect(failures.length).toBeGreaterThan(0)
  for (const failure of failures) {
    expect(leaksOf(failure)).toEqual({})
    expect(connectionTrouble).toContain(isTypystDbError(failure) ? failure.code : failure)
  }
}

const disturbances: readonly (readonly [name: string, disturb: () => Promise<unknown>])[] = [
  ['is killed with SIGKILL and started again', () => restartAfter('kill')],
  ['crashes and recovers', () => restartAfter('immediate')],
  ['is restarted in order', () => restartAfter('fast')],
  [
    'ends every connection',
    async () => {
      const admin = postgres(url, { max: 1 })
      await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = '@typyst/db'`
      await admin.end()
    },
  ],
]

async function restartAfter(mode: 'kill' | 'immediate' | 'fast'): Promise<void> {
  await server.stop(mode)
  // After a SIGKILL the processes of the old server may be there for a moment longer.
  await vi.waitFor(() => server.restart(), { timeout: 60_000, interval: 200 })
}

describe('under load, when the server', () => {
  it.for(disturbances)('%s, the pool recovers and leaks nothing', async ([, disturb]) => {
    const authDb = open()
    onTestFinished(() => authDb.close())
    const load = startLoad(authDb)
    await vi.waitFor(() => expect(load.progress()).toBeGreaterThan(20), { timeout: 60_000 })
    await disturb()
    const before = load.progress()
    await vi.waitFor(() => expect(load.progress()).toBeGreaterThan(before + 50), { timeout: 60_000 })
    expectConnectionTrouble(await load.stop())
    expect(authDb.poolStatus().busy).toBe(0)
    expect(await countSessions()).toBeLessThanOrEqual(4)
    expect(await authDb.db.$count(authDb.schema.user)).toBe(0)
    await authDb.close()
    await vi.waitFor(async () => expect(await countSessions()).toBe(0), { timeout: 20_000 })
  })
})

it('answers every session check of Better Auth while the server is killed and restarted', async () => {
  const authDb = open()
  onTestFinished(() => authDb.close())
  const { findOne } = authDb.adapter({})
  let isRunning = true
  let answered = 0
  const client = async () => {
    while (isRunning) {
      expect(await findOne({ model: 'session', where: [{ field: 'token', value: secret }] })).toBeNull()
      answered += 1
    }
  }
  const clients = Promise.all(Array.from({ length: 16 }, client))
  for (const mode of ['kill', 'fast', 'immediate'] as const) {
    const before = answered
    await vi.waitFor(() => expect(answered).toBeGreaterThan(before + 50), { timeout: 60_000 })
    await restartAfter(mode)
  }
  const before = answered
  await vi.waitFor(() => expect(answered).toBeGreaterThan(before + 50), { timeout: 60_000 })
  isRunning = false
  await clients
})

describe('a server that takes connections and says nothing', () => {
  it('is given up after the connect timeout, by every way in', async () => {
    const sockets = new Set<Socket>()
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    for (const query of ['', '?sslmode=require']) {
      const connectionString = `postgres://ada:${secret}@127.0.0.1:${port}/notes${query}`
      const authDb = createAuthDatabase({ connectionString, connectTimeoutMs: 200 })
      expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'CONNECTION_FAILED' })
      expect(await failureOf(() => authDb.migrate())).toMatchObject({ code: 'CONNECTION_FAILED' })
      const inTransaction = () => authDb.db.transaction((tx) => tx.select().from(authDb.schema.user))
      expect(await failureOf(inTransaction)).toMatchObject({ code: 'CONNECTION_FAILED' })
      await authDb.close()
    }
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
})

it('says when there are too many clients, and goes on once there is room', async () => {
  const admin = postgres(url, { max: 1 })
  await admin`create role narrow login password 'narrow' connection limit 1 in role pg_read_all_data`
  const narrow = new URL(url)
  narrow.username = narrow.password = 'narrow'
  const first = createAuthDatabase({ connectionString: narrow.href, maxConnections: 1 })
  await first.ready()
  await using second = createAuthDatabase({ connectionString: narrow.href, maxConnections: 1 })
  expect(await failureOf(() => second.ready())).toMatchObject({ code: 'TOO_MANY_CONNECTIONS' })
  await first.close()
  await vi.waitFor(() => second.ready(), { timeout: 20_000 })
  await admin.end()
})

it('ends a statement that takes too long, a wait for a lock, and a transaction that does nothing', async () => {
  await using authDb = open({ statementTimeoutMs: 100, lockTimeoutMs: 50, idleInTransactionTimeoutMs: 100 })
  expect(await failureOf(() => authDb.sql`select pg_sleep(60)`)).toMatchObject({ sqlState: '57014' })
  const admin = postgres(url, { max: 1 })
  await admin.begin(async (sql) => {
    await sql`lock table "user"`
    const blocked = () => authDb.db.select().from(authDb.schema.user)
    expect(await failureOf(blocked)).toMatchObject({ code: 'QUERY_CANCELED', sqlState: '55P03' })
  })
  const idle = () =>
    authDb.db.transaction(async (tx) => {
      await tx.select().from(authDb.schema.user)
      await vi.waitFor(async () => {
        const rows =
          await admin`select from pg_stat_activity where state = 'idle in transaction' and application_name = '@typyst/db'`
        expect(rows).toHaveLength(0)
      })
      await tx.select().from(authDb.schema.user)
    })
  expect(await failureOf(idle)).toMatchObject({ code: 'CONNECTION_FAILED' })
  await admin.end()
  expect(await authDb.db.select().from(authDb.schema.user)).toEqual([])
})

describe('transactions that get in each other’s way', () => {
  it('are run again until all have their way', async () => {
    await using authDb = open({ maxConnections: 8 })
    await authDb.sql`create table counter (id int primary key, value int)`
    await authDb.sql`insert into counter values (1, 0), (2, 0)`
    const events: string[] = []
    const add = (first: number, second: number) =>
      authDb.transaction(
        async (tx) => {
          events.push('attempt')
          await tx.execute(`set local deadlock_timeout = '20ms'`)
          for (const id of [first, second]) {
            const { rows } = await tx.execute(`select value from counter where id = ${id}`)
            await tx.execute(`update counter set value = ${Number(rows[0]?.['value']) + 1} where id = ${id}`)
          }
        },
        { retry: 100, isolationLevel: 'serializable' },
      )
    // Both orders, so that there are deadlocks too.
    await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 ? add(1, 2) : add(2, 1))))
    expect(await authDb.sql`select value from counter`).toEqual([{ value: 8 }, { value: 8 }])
    expect(events.length).toBeGreaterThan(8)
    await authDb.sql`drop table counter`
  })

  it('are given up after the last attempt, and at once for any other failure', async () => {
    await using authDb = open()
    let attempts = 0
    const losing = () =>
      authDb.transaction(
        async (tx) => {
          attempts += 1
          await tx.execute(`do $$ begin raise exception using errcode = '40001'; end $$`)
        },
        { retry: 2 },
      )
    expect(await failureOf(losing)).toMatchObject({ code: 'SERIALIZATION_FAILURE' })
    expect(attempts).toBe(2)
    const own = new Error('of the caller')
    const failing = authDb.transaction(() => {
      attempts += 1
      return Promise.reject(own)
    })
    await expect(failing).rejects.toBe(own)
    expect(attempts).toBe(3)
  })
})

it(
  'says when the disk is full, keeps what was there, and goes on once there is room',
  { tags: 'long' },
  async ({ skip }) => {
    const disk = await mountSmallDisk(24).catch(() => undefined)
    if (!disk) return skip('A small disk needs the right to mount one (Linux, root).')
    // Whatever else fails on the way out.
    onTestFinished(() => disk[Symbol.asyncDispose]())
    await using authDb = open()
    try {
      await authDb.sql.unsafe(`create tablespace small location '${disk.folder}'`)
      await authDb.sql`create table hoard (id serial primary key, data text) tablespace small`
      await authDb.sql`insert into hoard (data) values ('kept')`
      const ballast = join(disk.folder, 'ballast')
      await writeFile(ballast, new Uint8Array(4_000_000))
      const fill = () => authDb.sql`insert into hoard (data) select string_agg(gen_random_uuid()::text, '') || ${secret}
      from generate_series(1, 2000000) as line group by line % 5000`
      expect(await failureOf(fill)).toMatchObject({ code: 'STORAGE_FULL', sqlState: '53100' })
      expect(await authDb.sql`select data from hoard`).toEqual([{ data: 'kept' }])
      await rm(ballast)
      await authDb.sql`insert into hoard (data) values ('more')`
      expect(await authDb.sql`select data from hoard order by id`).toEqual([{ data: 'kept' }, { data: 'more' }])
    } finally {
      await authDb.sql`drop table if exists hoard`
      await authDb.sql.unsafe('checkpoint; ').catch(() => undefined)
      await authDb.sql`drop tablespace if exists small`
    }
  },
)
