/** What comes after a connection that ended: the next one begins anew, whatever the last one had half done. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { failureOf, leaksOf, secret } from '../support/leaks.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** Fewer milliseconds than the connect timeout: what waits for that has hung. */
const connectTimeoutMs = 5000

/** A pool of one connection, and the socket it has. */
function openOne() {
  const sockets: Socket[] = []
  const note = (message: unknown) => sockets.push((message as { socket: Socket }).socket)
  subscribe('net.client.socket', note)
  onTestFinished(() => void unsubscribe('net.client.socket', note))
  const authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 1, connectTimeoutMs })
  onTestFinished(() => authDb.close())
  return { authDb, socket: () => sockets.at(-1) }
}

/** Runs something where Node closes sockets right after it, before it writes what waits to be written. */
const beforeSocketsClose = (run: () => void) =>
  new Promise<void>((resolve) => {
    setImmediate(() => {
      run()
      resolve()
    })
  })

it('a connection that broke while a statement waited to be written', async () => {
  const { authDb, socket } = openOne()
  await authDb.ready()
  for (let times = 0; times < 3; times += 1) {
    let broken: Promise<unknown> = Promise.resolve()
    await beforeSocketsClose(() => {
      broken = failureOf(() => authDb.sql`select ${secret}::text`)
      socket()?.destroy()
    })
    const failure = await broken
    expect(failure).toMatchObject({ code: 'CONNECTION_FAILED' })
    expect(leaksOf(failure)).toEqual({})
    expect(await authDb.sql`select 1 as one`).toEqual([{ one: 1 }])
  }
})

it('a session that the server ended in the middle of a statement', async () => {
  const { authDb } = openOne()
  const admin = postgres(database.url, { max: 1 })
  onTestFinished(() => admin.end())
  const [{ pid } = { pid: 0 }] = await authDb.sql<{ pid: number }>`select pg_backend_pid() as pid`
  const sleeping = failureOf(() => authDb.sql`select pg_sleep(60)`)
  await expect
    .poll(() => admin`select 1 from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`, {
      timeout: 20_000,
    })
    .toHaveLength(1)
  await admin`select pg_terminate_backend(${pid})`
  expect(await sleeping).toMatchObject({ code: 'CONNECTION_FAILED', sqlState: '57P01' })
  expect(await authDb.sql`select 1 as one`).toEqual([{ one: 1 }])
})

it('a server that takes connections and hangs up', async () => {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    socket.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const connectionString = `postgres://ada:${secret}@127.0.0.1:${port}/notes`
  const authDb = createAuthDatabase({ connectionString, maxConnections: 1, connectTimeoutMs })
  onTestFinished(() => authDb.close())
  expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'CONNECTION_FAILED' })
  expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'CONNECTION_FAILED' })
  expect(count).toBe(2)
})
