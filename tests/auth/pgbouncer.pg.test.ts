/** Through a real pgBouncer in transaction mode: what works, what is refused, and what happens when it is restarted. */
import { betterAuth } from 'better-auth'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { isTypystDbError } from '../../src/errors.ts'
import { failureOf } from '../support/leaks.ts'
import { findPgBouncer, pgBouncerAdvice, startPgBouncer } from '../support/pgbouncer.ts'
import type { PgBouncer } from '../support/pgbouncer.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

const binary = findPgBouncer()
if (binary === undefined) console.warn(pgBouncerAdvice)

describe.runIf(binary)('through pgBouncer', () => {
  let database: TestDatabase
  let pooler: PgBouncer
  let url: string
  beforeAll(async () => {
    database = await createTestDatabase()
    pooler = await startPgBouncer(binary ?? '', inject('postgresUrl'))
    const through = new URL(pooler.url)
    through.pathname = `/${database.name}`
    through.searchParams.set('pgbouncer', 'true')
    url = through.href
    await using authDb = createAuthDatabase({ connectionString: url, migrationUrl: database.url })
    await authDb.migrate()
  })
  afterAll(async () => {
    await pooler[Symbol.asyncDispose]()
    await database.drop()
  })

  it('migrates only by a direct connection', async () => {
    await using authDb = createAuthDatabase({ connectionString: url })
    expect(await failureOf(() => authDb.migrate())).toMatchObject({ code: 'INVALID_OPTIONS' })
    expect(await authDb.migrationStatus()).toMatchObject({ pending: [], drifted: [] })
    expect(await authDb.assertNotExposed()).toBeInstanceOf(Array)
  })

  it('signs up, signs in and reads sessions, on more clients than it has connections', async () => {
    await using authDb = createAuthDatabase({ connectionString: url, maxConnections: 16 })
    const { api } = betterAuth({
      secret: 'a secret for tests only, long and of some entropy: 7f3a9c',
      baseURL: 'http://localhost:3000',
      database: authDb.adapter,
      emailAndPassword: { enabled: true },
      telemetry: { enabled: false },
    })
    const signedUp = await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        const body = { name: 'Ada', email: `ada${String(index)}@example.com`, password: 'correct horse' }
        const { headers } = await api.signUpEmail({ body, returnHeaders: true })
        const [cookie = ''] = headers.getSetCookie()
        const session = await api.getSession({ headers: new Headers({ cookie }) })
        return session?.user.email
      }),
    )
    expect(new Set(signedUp).size).toBe(16)
    expect(await authDb.db.$count(authDb.schema.account)).toBe(16)
  })

  it('fails what runs when it is restarted, and goes on afterwards', async () => {
    await using authDb = createAuthDatabase({ connectionString: url, maxConnections: 4 })
    const running = Promise.allSettled(Array.from({ length: 4 }, () => authDb.sql`select pg_sleep(60)`))
    await using direct = createAuthDatabase({ connectionString: database.url })
    const sleeping = () =>
      direct.sql`select from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`
    await vi.waitFor(async () => expect(await sleeping()).toHaveLength(4), { timeout: 20_000 })
    // These have no connection yet: they may meet the pooler that goes or the one that comes.
    const waiting = Promise.allSettled(Array.from({ length: 4 }, () => authDb.sql`select 1`))
    await pooler.restart()
    expect(codesOf(await running)).toEqual(Array.from({ length: 4 }, () => 'CONNECTION_FAILED'))
    for (const code of codesOf(await waiting)) expect([undefined, 'CONNECTION_FAILED']).toContain(code)
    await vi.waitFor(() => authDb.ready(), { timeout: 20_000 })
  })

  it('refuses a schema that the role does not lead to, and takes one that it does', async () => {
    await using direct = createAuthDatabase({ connectionString: database.url, postgresSchema: 'better_auth' })
    await direct.migrate()
    const options = { connectionString: url, postgresSchema: 'better_auth' }
    await using lost = createAuthDatabase(options)
    expect(await failureOf(() => lost.ready())).toMatchObject({ code: 'INVALID_OPTIONS' })
    await direct.sql.unsafe(`alter database ${database.name} set search_path = better_auth`)
    await pooler.restart()
    await using found = createAuthDatabase(options)
    expect(await found.db.$count(found.schema.user)).toBe(0)
    await direct.sql.unsafe(`alter database ${database.name} reset search_path`)
  })
})

/** The code of each failure, and `undefined` for what succeeded. */
function codesOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return undefined
    const reason: unknown = outcome.reason
    return isTypystDbError(reason) ? reason.code : reason
  })
}

it.runIf(binary === undefined)('is missing: ' + pgBouncerAdvice, () => {
  expect(binary).toBeUndefined()
})
