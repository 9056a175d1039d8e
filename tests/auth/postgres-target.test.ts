/** How to connect: the options win over the connection string, and that over the preset. */
import { describe, expect, it } from 'vitest'
import type { ConnectionOptions } from '../../src/auth/connection/connection-options.ts'
import { resolvePostgres } from '../../src/auth/connection/postgres-target.ts'
import { resolveMigrationTarget, resolveTarget } from '../../src/auth/options.ts'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { failureOf, secret } from '../support/leaks.ts'

const local = 'postgres://ada:word@localhost/notes'
const remote = 'postgres://ada:word@db.example.com/notes'

describe('who wins', () => {
  it('the preset, when nobody else says anything', () => {
    expect(resolvePostgres(local, {})).toMatchObject({
      connectionString: local,
      maxConnections: 10,
      acquireTimeoutMs: 30_000,
      connectTimeoutMs: 10_000,
      idleTimeoutMs: undefined,
      closeTimeoutMs: 5000,
      preparesStatements: true,
      isPooled: false,
      sessionSettings: {
        statement_timeout: 30_000,
        lock_timeout: 10_000,
        idle_in_transaction_session_timeout: 60_000,
      },
    })
    expect(resolvePostgres(local, { preset: 'serverless' })).toMatchObject({ maxConnections: 1, idleTimeoutMs: 20_000 })
  })

  it('the connection string over the preset, the options over both', () => {
    const url = `${local}?max=3&connect_timeout=4&idle_timeout=5&statement_timeout=6s&lock_timeout=7&application_name=mine`
    expect(resolvePostgres(url, { preset: 'serverless' })).toMatchObject({
      connectionString: `${local}?application_name=mine`,
      maxConnections: 3,
      connectTimeoutMs: 4000,
      idleTimeoutMs: 5000,
      sessionSettings: { statement_timeout: '6s', lock_timeout: '7', idle_in_transaction_session_timeout: 60_000 },
    })
    const options: ConnectionOptions = {
      maxConnections: 30,
      connectTimeoutMs: 40,
      idleTimeoutMs: 50,
      statementTimeoutMs: 60,
      lockTimeoutMs: 70,
    }
    expect(resolvePostgres(url, options)).toMatchObject({
      maxConnections: 30,
      connectTimeoutMs: 40,
      idleTimeoutMs: 50,
      sessionSettings: { statement_timeout: 60, lock_timeout: 70 },
    })
  })

  it.for([
    ['', 'UTC'],
    ['?TimeZone=Asia%2FKolkata', undefined],
    ['?timezone=Asia%2FKolkata', undefined],
    ['?options=-c%20timezone%3DAsia%2FKolkata', undefined],
    ['?options=-c%20jit%3Doff', 'UTC'],
  ] as const)('lives in UTC unless %j asks for another zone', ([asked, zone]) => {
    expect(resolvePostgres(`${local}${asked}`, {}).sessionSettings['TimeZone']).toBe(zone)
  })
})

describe('how long an answer may take', () => {
  it.for([
    [local, {}, 35_000],
    [local, { statementTimeoutMs: 200 }, 5200],
    [`${local}?statement_timeout=60`, {}, 5060],
    [`${local}?statement_timeout=2min`, {}, 125_000],
    [`${local}?statement_timeout=1.5%20s`, {}, 6500],
    [`${local}?statement_timeout=0`, {}, undefined],
    [`${local}?statement_timeout=0`, { responseTimeoutMs: 70 }, 70],
    [`${local}?pgbouncer=true`, {}, 35_000],
  ] as const)('%s with %o: %s ms', ([url, options, expected]) => {
    expect(resolvePostgres(url, options).responseTimeoutMs).toBe(expected)
  })

  it('is for a migration when to ask about it, also where a statement may take as long as it likes', () => {
    const options = { responseTimeoutMs: 70 }
    expect(resolveMigrationTarget(options, resolvePostgres(local, options)).responseTimeoutMs).toBe(70)
    const endless = resolvePostgres(`${local}?statement_timeout=0`, {})
    expect(resolveMigrationTarget({}, endless).responseTimeoutMs).toBe(35_000)
  })
})

it('reads several hosts, ports and IPv6 addresses', () => {
  const url = 'postgres://ada:word@[::1]:5433,db.example.com,10.0.0.1:6000/notes'
  expect(resolvePostgres(url, {}).places).toEqual([
    { host: '::1', port: 5433 },
    { host: 'db.example.com', port: 5432 },
    { host: '10.0.0.1', port: 6000 },
  ])
})

describe('TLS', () => {
  const verify = { rejectUnauthorized: true }
  const decisions: readonly (readonly [url: string, ssl: unknown])[] = [
    [remote, verify],
    ['postgres://203.0.113.7/notes', verify],
    ['postgres://[2001:db8::1]:5432/notes', verify],
    ['postgres://localhost,db.example.com/notes', verify],
    [`${remote}?sslmode=require`, verify],
    [`${remote}?sslmode=prefer`, verify],
    [`${remote}?sslmode=no-verify`, { rejectUnauthorized: false }],
    [`${remote}?sslmode=disable`, false],
    [`${local}?sslmode=verify-full`, verify],
    [`${local}?sslmode=prefer`, false],
    [local, false],
    ['postgres://[::1]:5433/notes', false],
    ['postgres://127.0.0.1/notes', false],
    ['postgres://172.16.0.3/notes', false],
    ['postgres://172.32.0.3/notes', verify],
    ['postgres://database:5432/notes', false],
    ['postgres://db.internal/notes', false],
  ]
  it.for(decisions)('%s', ([url, ssl]) => {
    expect(resolvePostgres(url, {}).ssl).toEqual(ssl)
  })

  it('is what the option says, with an authority of one’s own too', () => {
    expect(resolvePostgres(`${remote}?sslmode=disable`, { tls: 'verify' }).ssl).toEqual(verify)
    expect(resolvePostgres(remote, { tls: 'off' }).ssl).toBe(false)
    expect(resolvePostgres(remote, { tls: { ca: 'PEM' } }).ssl).toEqual({ rejectUnauthorized: true, ca: ['PEM'] })
  })
})

describe('a transaction pooler', () => {
  const pooled = 'postgres://postgres.ref:word@aws-0-eu-central-1.pooler.supabase.com:6543/postgres'
  it.for([
    [pooled, {}, true],
    [pooled.replace('6543', '5432'), {}, false],
    [`${local}?pgbouncer=true`, {}, true],
    [local, { pooler: 'transaction' }, true],
    [pooled, { pooler: 'none' }, false],
    [local, {}, false],
  ] as const)('%s %o', ([url, options, isPooled]) => {
    const target = resolvePostgres(url, options)
    expect(target).toMatchObject({ isPooled, preparesStatements: !isPooled })
    expect(target.connectionString).not.toContain('pgbouncer')
    // A pooler refuses what a session begins with.
    if (isPooled) expect(target.sessionSettings).toEqual({})
  })

  it('leaves no doubt about timeouts, which only the role can have there', async () => {
    for (const name of ['statementTimeoutMs', 'lockTimeoutMs', 'idleInTransactionTimeoutMs'] as const) {
      const error = await failureOf(() => Promise.resolve(createAuthDatabase({ connectionString: pooled, [name]: 5 })))
      expect(error).toMatchObject({ code: 'INVALID_OPTIONS' })
      expect(error.message).toContain(name)
    }
  })

  it('is not migrated through', async () => {
    const connectionString = `postgres://ada:${secret}@127.0.0.1:1/notes?pgbouncer=true`
    await using authDb = createAuthDatabase({ connectionString })
    expect(await failureOf(() => authDb.migrate())).toMatchObject({ code: 'INVALID_OPTIONS' })
    expect(await failureOf(() => authDb.rollback())).toMatchObject({ code: 'INVALID_OPTIONS' })
    const twice = () => Promise.resolve(createAuthDatabase({ connectionString, migrationUrl: connectionString }))
    expect(await failureOf(twice)).toMatchObject({ code: 'INVALID_OPTIONS' })
  })
})

it('migrates through one connection of its own, without a limit to a statement', () => {
  const options = { connectionString: `${local}?pgbouncer=true`, migrationUrl: `${local}?statement_timeout=5` }
  const target = resolveTarget(options)
  if (target.kind !== 'postgres') throw new Error('It is a server.')
  expect(resolveMigrationTarget(options, target)).toMatchObject({
    connectionString: local,
    isPooled: false,
    maxConnections: 1,
    sessionSettings: { statement_timeout: 0, lock_timeout: 10_000 },
  })
})

it.for(['auth', 'pg_toast', 'storage', 'Upper', 'a"b', '', 'a b', secret.repeat(5)])(
  'refuses %j as a schema',
  async (postgresSchema) => {
    for (const options of [{ connectionString: local }, { dataDir: 'memory://' }]) {
      const create = () => Promise.resolve(createAuthDatabase({ ...options, postgresSchema }))
      expect(await failureOf(create)).toMatchObject({ code: 'INVALID_OPTIONS' })
    }
  },
)

const wrong: readonly (readonly [name: string, value: string])[] = [
  ['preset', 'edge'],
  ['tls', 'on'],
]
it.for(wrong)('refuses %s: %j', async ([name, value]) => {
  const create = () => Promise.resolve(createAuthDatabase({ connectionString: remote, [name]: value }))
  expect(await failureOf(create)).toMatchObject({ code: 'INVALID_OPTIONS' })
})
