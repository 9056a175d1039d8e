/** A server that stops in the middle of its work: nobody waits for it beyond the timeouts, and the pool recovers. */
import { createConnection, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase, AuthDatabaseOptions } from '../../src/auth/index.ts'
import { createDeferred } from '../../src/internal/deferred.ts'
import { freeze, freezeServer } from '../support/freeze-server.ts'
import { failureOf, secret } from '../support/leaks.ts'
import { startPostgresServer } from '../support/postgres-server.ts'
import type { PostgresServer } from '../support/postgres-server.ts'

let server: PostgresServer
let admin: postgres.Sql
beforeAll(async () => {
  server = await startPostgresServer()
  admin = postgres(server.url, { max: 1, onnotice: () => undefined })
  await using authDb = createAuthDatabase({ connectionString: server.url })
  await authDb.migrate()
})
afterAll(async () => {
  await admin.end()
  await server[Symbol.asyncDispose]()
})

const impatient = {
  statementTimeoutMs: 300,
  responseTimeoutMs: 500,
  connectTimeoutMs: 500,
  maxConnections: 2,
  closeTimeoutMs: 500,
}

function open(options: AuthDatabaseOptions = {}): AuthDatabase {
  const authDb = createAuthDatabase({ connectionString: server.url, ...impatient, ...options })
  onTestFinished(() => authDb.close())
  return authDb
}

const pidIn = async (sql: Pick<AuthDatabase['sql'], 'unsafe'>) => {
  const [row] = await sql.unsafe('select pg_backend_pid() as pid')
  return Number(row?.['pid'])
}

it('keeps no request beyond its timeout while all of it is frozen, and is of use again when it goes on', async () => {
  const authDb = open()
  const { user } = authDb.schema
  await Promise.all([authDb.ready(), authDb.ready()])
  const isFrozen = createDeferred<undefined>()
  const inTransaction = failureOf(() =>
    authDb.db.transaction(async (tx) => {
      await tx.insert(user).values({ id: 'ada', name: secret, email: 'ada@example.com' })
      await isFrozen.promise
      await tx.select().from(user)
    }),
  )
  await vi.waitFor(async () =>
    expect(await admin`select from pg_stat_activity where state = 'idle in transaction'`).toHaveLength(1),
  )
  using frozen = await freezeServer(server.url)
  isFrozen.resolve(undefined)
  // More than there are connections: some wait for one, and some for a server that no longer lets anybody in.
  const requests = [
    inTransaction,
    ...Array.from({ length: 6 }, () => failureOf(() => authDb.sql`select ${secret}`)),
    failureOf(() => authDb.db.transaction((tx) => tx.select().from(user))),
  ]
  for (const failure of await Promise.all(requests)) expect(failure).toMatchObject({ code: 'CONNECTION_FAILED' })
  expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'CONNECTION_FAILED' })
  frozen.thaw()
  await vi.waitFor(() => authDb.ready(), { timeout: 30_000 })
  expect(await authDb.db.$count(user)).toBe(0)
  expect(authDb.poolStatus().busy).toBe(0)
})

it('gives up the one session that is frozen and leaves the others alone', async () => {
  const authDb = open({ statementTimeoutMs: 5000, responseTimeoutMs: 1000 })
  const lost = await failureOf(() =>
    authDb.db.transaction(async (tx) => {
      const { rows } = await tx.execute('select pg_backend_pid() as pid')
      const pid = Number(rows[0]?.['pid'])
      const frozen = freeze([pid])
      onTestFinished(() => frozen.thaw())
      const other = authDb.sql`select pg_sleep(0.5), 'done' as state`
      const failing = tx.execute(`select '${secret}'`)
      expect(await other).toMatchObject([{ state: 'done' }])
      await failing
    }),
  )
  expect(lost).toMatchObject({ code: 'CONNECTION_FAILED' })
  const pids = new Set(await Promise.all([pidIn(authDb.sql), pidIn(authDb.sql)]))
  expect(pids.size).toBeGreaterThan(0)
})

it('gives up a server that stops in the middle of its answer', async () => {
  const proxy = await startProxy()
  onTestFinished(() => proxy.close())
  const through = new URL(server.url)
  through.port = String(proxy.port)
  const authDb = open({ connectionString: through.href })
  await authDb.ready()
  proxy.stallAfter(100_000)
  const failing = failureOf(() => authDb.sql`select repeat('x', 1000) from generate_series(1, 1000)`)
  expect(await failing).toMatchObject({ code: 'CONNECTION_FAILED' })
  proxy.stallAfter(Infinity)
  expect(await authDb.sql`select repeat('x', 1000) from generate_series(1, 1000)`).toHaveLength(1000)
})

it('gives nothing up that is only idle, nor what was answered while this process was busy', async () => {
  const authDb = open({ maxConnections: 1 })
  const before = await pidIn(authDb.sql)
  await authDb.db.transaction(async (tx) => {
    await tx.execute('select 1')
    await admin`select pg_sleep(0.7)`
    await tx.execute('select 1')
  })
  await admin`select pg_sleep(0.7)`
  const answered = authDb.sql`select 1 as one`
  // Sent in the next turn of the event loop; what stops this process then lasts longer than an answer may take.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700)
  expect(await answered).toEqual([{ one: 1 }])
  expect(await pidIn(authDb.sql)).toBe(before)
})

it('connects as soon as a server is there, however often there was none', async () => {
  const authDb = open({ maxConnections: 1 })
  await server.stop()
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'CONNECTION_FAILED' })
  }
  await server.restart()
  await authDb.ready()
})

/** Passes everything on to the server until it is told to stop after so many bytes of an answer. */
async function startProxy() {
  let bytesLeft = Infinity
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const upstream = createConnection(server.port, '127.0.0.1')
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined))
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      const passed = chunk.subarray(0, Math.max(0, bytesLeft))
      bytesLeft -= passed.length
      if (passed.length > 0) client.write(passed)
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: (proxy.address() as AddressInfo).port,
    stallAfter(bytes: number) {
      bytesLeft = bytes
    },
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}
