/** A server that stops while it is being migrated is given up; one that only takes long is waited for. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase, AuthDatabaseOptions } from '../../src/auth/index.ts'
import { authMigrations } from '../../src/auth/migrations.generated.ts'
import { freezeServer } from '../support/freeze-server.ts'
import { failureOf } from '../support/leaks.ts'
import { startPostgresServer } from '../support/postgres-server.ts'
import type { PostgresServer } from '../support/postgres-server.ts'
import { createTestDatabase } from '../support/test-database.ts'

/** What is kept of the reason. */
const silent = { code: 'CONNECTION_FAILED', cause: { message: 'RESPONSE_TIMEOUT' } }

const names = authMigrations.map(({ name }) => name)

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const impatient = { statementTimeoutMs: 300, responseTimeoutMs: 500, connectTimeoutMs: 500, closeTimeoutMs: 500 }

/** An empty database, and a way to keep its migration from going on. */
async function openEmpty(
  options: AuthDatabaseOptions & { readonly through?: (url: string) => string } = {},
): Promise<{ authDb: AuthDatabase; admin: postgres.Sql; url: string; hold: () => Promise<() => Promise<void>> }> {
  const { through = (url: string) => url, ...rest } = options
  const database = await createTestDatabase(server.url)
  const admin = postgres(database.url, { max: 2, onnotice: () => undefined })
  const authDb = createAuthDatabase({
    connectionString: through(database.url),
    ...impatient,
    lockTimeoutMs: 600_000,
    ...rest,
  })
  onTestFinished(async () => {
    await authDb.close()
    await admin.end({ timeout: 0 })
    await database.drop()
  })
  /** Whoever makes the same schema waits for this one's end. */
  const hold = async () => {
    const holder = await admin.reserve()
    await holder`begin`
    await holder`create schema drizzle`
    return async () => {
      await holder`rollback`
      holder.release()
    }
  }
  return { authDb, admin, url: database.url, hold }
}

const untilItWaits = (admin: postgres.Sql) =>
  expect
    .poll(
      () => admin`select from pg_stat_activity
        where datname = current_database() and application_name = '@typyst/db' and wait_event_type = 'Lock'`,
    )
    .toHaveLength(1)

/** Migrates while a statement is held up for longer than a silent server is waited for. */
async function migrateWhileHeld(
  authDb: Pick<AuthDatabase, 'migrate'>,
  { admin, proxy, letGo }: { admin: postgres.Sql; proxy: { connections(): number }; letGo: () => Promise<void> },
): Promise<string[]> {
  const migrating = authDb.migrate()
  await untilItWaits(admin)
  // The migration's own connection, and many more questions than a silent server is asked.
  await expect.poll(() => proxy.connections()).toBeGreaterThan(6)
  await letGo()
  return migrating
}

const history = async (admin: postgres.Sql) =>
  (await admin`select name from drizzle.__typyst_auth_migrations order by id`).map(({ name }) => String(name))

it('gives a frozen server up in the middle of a migration, of which nothing is left', async () => {
  const { authDb, admin, hold } = await openEmpty()
  const letGo = await hold()
  const failing = failureOf(() => authDb.migrate())
  await untilItWaits(admin)
  using frozen = await freezeServer(server.url)
  expect(await failing).toMatchObject({ code: 'MIGRATION_FAILED', migration: names[0], cause: silent })
  frozen.thaw()
  await letGo()
  expect(await authDb.migrate()).toEqual(names)
  expect(await history(admin)).toEqual(names)
})

it('gives a frozen server up before the first migration, and while it rolls back', async () => {
  const { authDb, admin } = await openEmpty()
  {
    using frozen = await freezeServer(server.url)
    expect(await failureOf(() => authDb.migrate())).toMatchObject({ code: 'CONNECTION_FAILED' })
    frozen.thaw()
  }
  expect(await authDb.migrate()).toEqual(names)
  const holder = await admin.reserve()
  await holder`begin`
  await holder`lock table drizzle.__typyst_auth_migrations in share mode`
  const failing = failureOf(() => authDb.rollback())
  await untilItWaits(admin)
  {
    using frozen = await freezeServer(server.url)
    expect(await failing).toMatchObject({ code: 'MIGRATION_FAILED' })
    frozen.thaw()
  }
  await holder`rollback`
  holder.release()
  expect(await history(admin)).toEqual(names)
  expect(await authDb.rollback()).toEqual([names.at(-1)])
})

it('waits for a statement that takes long, as long as the server says that it is at it', async () => {
  const proxy = await startProxy()
  const { authDb, admin, hold } = await openEmpty({ through: proxy.through })
  const letGo = await hold()
  expect(await migrateWhileHeld(authDb, { admin, proxy, letGo })).toEqual(names)
})

it('waits for it where the role may have one connection only', async () => {
  const proxy = await startProxy()
  const { admin, url, hold } = await openEmpty()
  const role = `one_${String(proxy.port)}`
  await admin.unsafe(`create role ${role} login password 'one' connection limit 1`)
  await admin.unsafe(`alter schema public owner to ${role}`)
  await admin.unsafe(`grant create on database ${new URL(url).pathname.slice(1)} to ${role}`)
  const single = new URL(proxy.through(url))
  single.username = role
  single.password = 'one'
  const authDb = createAuthDatabase({ connectionString: single.href, ...impatient, lockTimeoutMs: 600_000 })
  onTestFinished(() => authDb.close())
  const letGo = await hold()
  expect(await migrateWhileHeld(authDb, { admin, proxy, letGo })).toEqual(names)
})

it('gives up a session whose answer was lost on the way, and one that the server no longer has', async () => {
  const proxy = await startProxy()
  const { authDb, admin, hold } = await openEmpty({ through: proxy.through })
  for (const end of ['done', 'terminated'] as const) {
    const letGo = await hold()
    const failing = failureOf(() => authDb.migrate())
    await untilItWaits(admin)
    proxy.silence()
    if (end === 'terminated') {
      await admin`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = '@typyst/db' and wait_event_type = 'Lock'`
    }
    await letGo()
    expect(await failing, end).toMatchObject({ code: 'MIGRATION_FAILED', cause: silent })
  }
  await authDb.migrate()
  expect(await history(admin)).toEqual(names)
})

/** Passes everything on to the server; what has been connected until then can be made to hear nothing more. */
async function startProxy() {
  let connections = 0
  const open = new Set<readonly [Socket, Socket]>()
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    connections += 1
    const upstream = connect(server.port, '127.0.0.1')
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket.on('error', () => undefined))
      socket.pipe(other)
    }
    const pair = [client, upstream] as const
    open.add(pair)
    client.on('close', () => {
      open.delete(pair)
      upstream.destroy()
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  const { port } = proxy.address() as AddressInfo
  return {
    port,
    connections: () => connections,
    through: (url: string) => {
      const through = new URL(url)
      through.port = String(port)
      return through.href
    },
    silence() {
      for (const [client, upstream] of open) {
        upstream.unpipe(client)
        upstream.resume()
      }
    },
  }
}
