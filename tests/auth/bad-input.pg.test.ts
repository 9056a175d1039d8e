/** What may go wrong with a server: it is down, restarts, wants TLS, and the client closes at any moment. */
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/create-auth-database.ts'
import type { AuthDatabase } from '../../src/auth/create-auth-database.ts'
import { isTypystDbError } from '../../src/errors.ts'
import { source, startChild } from '../support/child.ts'
import { failureOf } from '../support/leaks.ts'
import { startPostgresServer } from '../support/postgres-server.ts'
import { createTestDatabase } from '../support/test-database.ts'

const ada = { id: 'ada', name: 'Ada', email: 'ada@example.com' }
const bob = { id: 'bob', name: 'Bob', email: 'bob@example.com' }
const namesIn = async (authDb: AuthDatabase) =>
  (await authDb.db.query.user.findMany({ columns: { name: true } })).map(({ name }) => name).sort()

it('recovers by itself when the server was down and comes back, and when it restarts in mid-use', async () => {
  await using server = await startPostgresServer()
  await server.stop()
  await using authDb = createAuthDatabase({ connectionString: server.url })
  expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'CONNECTION_FAILED' })
  await server.restart()
  await authDb.migrate()
  await authDb.db.insert(authDb.schema.user).values(ada)

  const interrupted = failureOf(() => authDb.sql`select pg_sleep(60)`)
  const inTransaction = failureOf(() =>
    authDb.db.transaction(async (tx) => {
      await tx.insert(authDb.schema.user).values(bob)
      const running = () =>
        authDb.sql`select from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'`
      await expect.poll(async () => (await running()).length).toBe(1)
      await server.restart()
      await tx.insert(authDb.schema.user).values({ ...bob, id: 'carol' })
    }),
  )
  expect(await interrupted).toMatchObject({ code: 'CONNECTION_FAILED' })
  expect(await inTransaction).toMatchObject({ code: 'CONNECTION_FAILED' })
  // The pool's idle connections may learn of it with their next statement only.
  await expect.poll(() => namesIn(authDb).catch(() => [])).toEqual(['Ada'])
  await authDb.db.insert(authDb.schema.user).values(bob)
  expect(await namesIn(authDb)).toEqual(['Ada', 'Bob'])
})

it(
  'survives a server that crashes again and again under load, also while connections are being made',
  { tags: 'long' },
  async () => {
    await using server = await startPostgresServer()
    await using authDb = createAuthDatabase({ connectionString: server.url })
    const codes = new Set<string>()
    let isOver = false
    const client = async () => {
      while (!isOver) {
        const failure = await authDb.sql`select 1`.then(
          () => undefined,
          (cause: unknown) => cause,
        )
        if (failure) codes.add(isTypystDbError(failure) ? failure.code : 'not ours')
      }
    }
    const clients = Promise.all(Array.from({ length: 8 }, client))
    for (let round = 0; round < 5; round++) await server.restart('immediate')
    isOver = true
    await clients
    expect([...codes].filter((code) => code !== 'CONNECTION_FAILED')).toEqual([])
    await expect.poll(() => authDb.ready().then(() => 'ready', String)).toBe('ready')
  },
)

it('says that a server which wants TLS refuses the login', async () => {
  await using server = await startPostgresServer()
  await using admin = createAuthDatabase({ connectionString: server.url })
  const [row] = await admin.sql<{ hba_file: string }>`show hba_file`
  const file = row?.hba_file ?? ''
  const rules = await readFile(file, 'utf8')
  await writeFile(file, 'hostssl all all all scram-sha-256\n')
  await admin.sql`select pg_reload_conf()`
  const stranger = () =>
    failureOf(async () => {
      await using authDb = createAuthDatabase({ connectionString: server.url })
      await authDb.ready()
    })
  await expect
    .poll(async () => stranger().catch(() => undefined))
    .toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      sqlState: '28000',
      message: expect.stringContaining('TLS') as string,
    })
  await appendFile(file, rules)
})

it('tells of too many connections', async () => {
  await using database = await createTestDatabase()
  await using owner = createAuthDatabase({ connectionString: database.url, maxConnections: 1 })
  await owner.sql`create role crowd login password 'crowd' connection limit 1`
  const url = new URL(database.url)
  url.username = url.password = 'crowd'
  await using first = createAuthDatabase({ connectionString: url.href, maxConnections: 1 })
  await first.ready()
  await using second = createAuthDatabase({ connectionString: url.href, maxConnections: 1 })
  expect(await failureOf(() => second.ready())).toMatchObject({ code: 'TOO_MANY_CONNECTIONS', sqlState: '53300' })
  await first.close()
  // The server notices a moment later that the first has gone.
  await expect
    .poll(
      () =>
        second.ready().then(
          () => 'ready',
          () => 'full',
        ),
      { timeout: 20_000 },
    )
    .toBe('ready')
  await second.close()
  await expect
    .poll(
      () =>
        owner.sql`drop role crowd`.then(
          () => 'dropped',
          () => 'in use',
        ),
      { timeout: 20_000 },
    )
    .toBe('dropped')
})

it('closes during a transaction: what was begun may finish, and nothing new starts', async () => {
  await using database = await createTestDatabase()
  await using other = createAuthDatabase({ connectionString: database.url })
  await other.migrate()
  const authDb = createAuthDatabase({ connectionString: database.url })
  let closing: Promise<void> | undefined
  const names = await authDb.db.transaction(async (tx) => {
    await tx.insert(authDb.schema.user).values(ada)
    closing = authDb.close()
    expect(await failureOf(() => namesIn(authDb))).toMatchObject({ code: 'CLOSED' })
    await tx.insert(authDb.schema.user).values(bob)
    return ['Ada', 'Bob']
  })
  await Promise.all([closing, authDb.close()])
  expect(await namesIn(other)).toEqual(names)
})

it('closes before and while it connects', async () => {
  await using database = await createTestDatabase()
  const unused = createAuthDatabase({ connectionString: database.url })
  await Promise.all([unused.close(), unused.close()])
  expect(await failureOf(() => unused.ready())).toMatchObject({ code: 'CLOSED' })

  const authDb = createAuthDatabase({ connectionString: database.url })
  const outcome = authDb.ready().then(
    () => 'ready',
    (cause: unknown) => (cause as { code?: string }).code,
  )
  await authDb.close()
  expect(['ready', 'CLOSED']).toContain(await outcome)
})

it('answers a query that comes while it migrates', async () => {
  await using database = await createTestDatabase()
  await using authDb = createAuthDatabase({ connectionString: database.url })
  const migrating = authDb.migrate()
  const early = await namesIn(authDb).catch((cause: unknown) => {
    expect(cause).toMatchObject({ code: 'SCHEMA_MISMATCH', sqlState: '42P01' })
    return []
  })
  expect(early).toEqual([])
  await migrating
  expect(await namesIn(authDb)).toEqual([])
})

it.for([
  ['after it closed', 'await authDb.close()'],
  [
    'after a failure to connect',
    "await createAuthDatabase({ connectionString: 'postgres://a:b@127.0.0.1:1/c' }).ready().catch(() => 0)\nawait authDb.close()",
  ],
] as const)('lets the process end by itself %s', async ([, end]) => {
  await using database = await createTestDatabase()
  const child = startChild(`
    const { createAuthDatabase } = await import(${source('auth/index.ts')})
    const authDb = createAuthDatabase({ connectionString: ${JSON.stringify(database.url)} })
    await authDb.migrate()
    await authDb.db.transaction((tx) => tx.select().from(authDb.schema.user))
    console.log(JSON.stringify(await authDb.sql\`select 1 as one\`))
    ${end}
    process.disconnect()`)
  expect(await child.ended()).toContain('[{"one":1}]')
})
