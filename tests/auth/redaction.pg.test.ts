/** The same promises for what only a server has: logins, timeouts, deadlocks, lost connections, and Better Auth on top. */
import { betterAuth } from 'better-auth'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/create-auth-database.ts'
import type { AuthDatabase } from '../../src/auth/create-auth-database.ts'
import { createPostgresConnection } from '../../src/auth/connection/postgres-connection.ts'
import { resolvePostgres } from '../../src/auth/connection/postgres-target.ts'
import type { TypystDbErrorCode } from '../../src/errors.ts'
import { applyMigrations } from '../../src/internal/run-migrations.ts'
import { waysOf } from '../conformance/redaction-suite.ts'
import { failureOf, leakIn, leaksOf, outputOf, secret } from '../support/leaks.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let authDb: AuthDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
  await authDb.sql`create table lamp (id int primary key, note text)`
  await authDb.sql`insert into lamp values (1, ${secret}), (2, ${secret})`
})
afterAll(async () => {
  await authDb.close()
  await database.drop()
})

describe('connecting', () => {
  const changed = (change: (url: URL) => void): (() => string) => {
    return () => {
      const url = new URL(inject('postgresUrl'))
      change(url)
      return url.href
    }
  }
  const wrong: readonly (readonly [name: string, code: TypystDbErrorCode, urlOf: () => string])[] = [
    ['a wrong password', 'AUTHENTICATION_FAILED', changed((url) => (url.password = secret))],
    ['an unknown user', 'AUTHENTICATION_FAILED', changed((url) => (url.username = secret))],
    ['an unknown database', 'DATABASE_NOT_FOUND', changed((url) => (url.pathname = secret))],
    ['an unknown host', 'CONNECTION_FAILED', () => `postgres://ada:${secret}@${secret}.invalid/${secret}`],
    ['a port nobody listens on', 'CONNECTION_FAILED', () => `postgres://ada:${secret}@127.0.0.1:1/${secret}`],
    ['TLS that the server lacks', 'CONNECTION_FAILED', changed((url) => url.searchParams.set('sslmode', 'require'))],
    ['an unknown setting', 'INVALID_OPTIONS', changed((url) => url.searchParams.set(secret, secret))],
    ['a wrong setting', 'INVALID_OPTIONS', changed((url) => url.searchParams.set('lock_timeout', secret))],
    ['unknown switches', 'INVALID_OPTIONS', changed((url) => url.searchParams.set('options', `--${secret}`))],
    ['a wrong target', 'INVALID_OPTIONS', changed((url) => url.searchParams.set('target_session_attrs', secret))],
    ['a broken port', 'INVALID_OPTIONS', () => `postgres://ada:${secret}@localhost:x${secret}/notes`],
    ['a broken escape', 'INVALID_OPTIONS', () => `postgres://ada:%${secret}@localhost/notes`],
    ['another protocol', 'INVALID_OPTIONS', () => `mysql://ada:${secret}@localhost/notes`],
    ['no protocol', 'INVALID_OPTIONS', () => `ada:${secret}@localhost`],
  ]
  it.for(wrong)('%s: %s', async ([, code, urlOf]) => {
    const open = () => createAuthDatabase({ connectionString: urlOf(), connectTimeoutMs: 5000 })
    for (const call of [
      (stranger: AuthDatabase) => stranger.ready(),
      (stranger: AuthDatabase) => stranger.migrate(),
      (stranger: AuthDatabase) => stranger.db.transaction((tx) => tx.execute(sql`select ${secret}`)),
    ]) {
      const failure = failureOf(async () => {
        await using stranger = open()
        await call(stranger)
      })
      expect(await failure).toMatchObject({ code })
    }
  })
})

describe('a statement the server ends', () => {
  it('timeout', async () => {
    const attempt = () =>
      authDb.db.transaction(async (tx) => {
        await tx.execute(sql`set local statement_timeout = '20ms'`)
        await tx.execute(sql`select pg_sleep(60), ${secret}`)
      })
    expect(await failureOf(attempt)).toMatchObject({ code: 'QUERY_CANCELED', sqlState: '57014' })
  })

  it('lock timeout', async () => {
    await authDb.db.transaction(async (holder) => {
      await holder.execute(sql`select from lamp for update`)
      const attempt = () => authDb.db.execute(sql`select ${secret} from lamp for update nowait`)
      expect(await failureOf(attempt)).toMatchObject({ code: 'QUERY_CANCELED', sqlState: '55P03' })
    })
  })

  it('deadlock', async () => {
    const both = [signal(), signal()] as const
    const lockTwo = (first: number, second: number, own: 0 | 1) =>
      authDb.db.transaction(async (tx) => {
        await tx.execute(sql`set local deadlock_timeout = '20ms'`)
        await tx.execute(sql`update lamp set note = ${secret} where id = ${first}`)
        both[own].give()
        await both[own === 0 ? 1 : 0].given
        await tx.execute(sql`update lamp set note = ${secret} where id = ${second}`)
      })
    const error = await failureOf(() => Promise.all([lockTwo(1, 2, 0), lockTwo(2, 1, 1)]))
    expect(error).toMatchObject({ code: 'SERIALIZATION_FAILURE', sqlState: '40P01' })
  })

  it('serialization failure', async () => {
    const attempt = () =>
      authDb.db.transaction(
        async (tx) => {
          await tx.execute(sql`select * from lamp`)
          await authDb.db.execute(sql`update lamp set note = ${secret} where id = 1`)
          await tx.execute(sql`update lamp set note = ${secret} where id = 1`)
        },
        { isolationLevel: 'repeatable read' },
      )
    expect(await failureOf(attempt)).toMatchObject({ code: 'SERIALIZATION_FAILURE', sqlState: '40001' })
  })

  it('a right that is missing, and a transaction that may only read', async () => {
    const asNobody = () =>
      authDb.db.transaction(async (tx) => {
        await tx.execute(sql`set local role pg_monitor`)
        await tx.execute(sql`insert into lamp values (3, ${secret})`)
      })
    expect(await failureOf(asNobody)).toMatchObject({ code: 'PERMISSION_DENIED', sqlState: '42501' })
    const reading = () =>
      authDb.db.transaction((tx) => tx.execute(sql`insert into lamp values (3, ${secret})`), {
        accessMode: 'read only',
      })
    expect(await failureOf(reading)).toMatchObject({ code: 'READ_ONLY', sqlState: '25006' })
  })

  it('a connection that is ended in the middle of a statement', async () => {
    for (const [way, run] of Object.entries(waysOf(authDb))) {
      const attempt = failureOf(() => run('select pg_sleep(60), $1::text', [`${secret} ${way}`]))
      await endBackend(`state = 'active' and query like '%pg_sleep(60)%'`)
      expect(await attempt, way).toMatchObject({ code: 'CONNECTION_FAILED' })
    }
    expect(await authDb.sql`select id from lamp order by id`).toEqual([{ id: 1 }, { id: 2 }])
  })

  it('a connection that is ended between two statements of a transaction', async () => {
    const attempt = (afterwards: () => Promise<unknown>) => () =>
      authDb.db.transaction(async (tx) => {
        await tx.execute(sql`insert into lamp values (4, ${secret})`)
        await endBackend(`state = 'idle in transaction'`)
        // Once the server has ended it, this is what a body may do: go on, try again, or fail by itself.
        await tx.execute(sql`select ${secret}`).catch(() => undefined)
        await afterwards()
      })
    expect(await failureOf(attempt(() => Promise.resolve()))).toMatchObject({ code: 'CONNECTION_FAILED' })
    const own = new Error('of the caller')
    const outcome = attempt(() => Promise.reject(own))().catch((cause: unknown) => cause)
    // Whichever the caller learns first: that its body failed, or that the connection closed under it.
    const learned = await outcome
    expect(learned === own || (learned as { code?: string }).code === 'CONNECTION_FAILED').toBe(true)
    expect(await authDb.sql`select id from lamp order by id`).toEqual([{ id: 1 }, { id: 2 }])
  })
})

it('keeps a failing migration clean', async () => {
  const pool = createPostgresConnection(resolvePostgres(database.url, { maxConnections: 1 }))
  const migrate = (up: string) => () =>
    applyMigrations({
      connection: pool.connection,
      table: '__mine',
      migrations: [{ name: '0000_mine', createdAt: 1, up }],
    })
  expect(await failureOf(migrate(`insert into lamp values (1, '${secret}')`))).toMatchObject({
    code: 'MIGRATION_FAILED',
    sqlState: '23505',
    constraint: 'lamp_pkey',
  })
  expect(await failureOf(migrate(`create tabel "${secret}" ()`))).toMatchObject({ sqlState: '42601' })
  await pool.close()
})

it('says that it is closed, by every way in', async () => {
  const closed = createAuthDatabase({ connectionString: database.url })
  await closed.ready()
  await closed.close()
  for (const [way, run] of Object.entries(waysOf(closed))) {
    expect(await failureOf(() => run('select $1', [secret])), way).toMatchObject({ code: 'CLOSED' })
  }
  expect(await failureOf(() => closed.migrate())).toMatchObject({ code: 'CLOSED' })
})

describe('Better Auth', () => {
  it.for([
    ['without tables', 'SCHEMA_MISMATCH', async (_db: AuthDatabase) => Promise.resolve()],
    ['with a closed database', 'CLOSED', (db: AuthDatabase) => db.close()],
  ] as const)('%s, logs no value', async ([, code, prepare]) => {
    await using empty = await createTestDatabase()
    await using emptyDb = createAuthDatabase({ connectionString: empty.url, debug: true })
    await prepare(emptyDb)
    const auth = betterAuth({
      database: emptyDb.adapter,
      secret: `${secret}-of-better-auth-itself`,
      baseURL: 'http://localhost',
      emailAndPassword: { enabled: true },
      logger: { level: 'debug' },
    })
    const found = await failureOf(() =>
      emptyDb.adapter({}).findOne({ model: 'user', where: [{ field: 'email', value: secret }] }),
    )
    expect(found).toMatchObject({ code })
    let error: unknown
    const output = await outputOf(async () => {
      const body = { name: secret, email: `${secret}@example.com`, password: secret }
      error = await auth.api.signUpEmail({ body }).catch((cause: unknown) => cause)
    })
    expect(leaksOf(error)).toEqual({})
    expect(leakIn(output)).toBeUndefined()
  })
})

/** Ends the other sessions of this database for which `condition` holds, once there is one. */
async function endBackend(condition: string): Promise<void> {
  const end = () =>
    authDb.sql.unsafe(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
    )
  await expect.poll(async () => (await end()).length).toBeGreaterThan(0)
}

function signal(): { readonly given: Promise<void>; give(): void } {
  let give = (): void => undefined
  const given = new Promise<void>((resolve) => (give = resolve))
  return { given, give: () => give() }
}
