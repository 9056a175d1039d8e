import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAuthDatabase } from '../../src/auth/create-auth-database.ts'
import { resolveTarget } from '../../src/auth/options.ts'
import { failureOf, secret } from '../support/leaks.ts'

afterEach(() => vi.unstubAllEnvs())

const refusal = (options: Parameters<typeof createAuthDatabase>[0]) =>
  failureOf(async () => Promise.resolve(createAuthDatabase(options)))

describe('without a connection string', () => {
  it('is the embedded default, in a folder for development', () => {
    const folder = { kind: 'folder', path: '.data/auth' }
    expect(resolveTarget({})).toMatchObject({ kind: 'embedded', location: folder })
    expect(resolveTarget({ connectionString: undefined })).toMatchObject({ kind: 'embedded', location: folder })
  })

  it('is refused in production, unless a folder was asked for', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    for (const options of [undefined, {}, { connectionString: undefined, dataDir: undefined }]) {
      expect(await refusal(options)).toMatchObject({ code: 'INVALID_OPTIONS' })
    }
    expect(resolveTarget({ dataDir: '/var/lib/auth' })).toMatchObject({ kind: 'embedded' })
    expect(resolveTarget({ connectionString: 'postgres://localhost/auth' })).toMatchObject({ kind: 'postgres' })
  })

  it.for(
    ['', ' ', 'idb://auth', 'postgres://localhost/auth', 'C:\u0000', 'memory', 'a\nb'].filter(
      (name) => name !== 'memory',
    ),
  )('refuses the dataDir %j', async (dataDir) => {
    expect(await refusal({ dataDir })).toMatchObject({ code: 'INVALID_OPTIONS' })
  })
})

describe('a connection string', () => {
  it.for([
    'postgres://localhost/auth',
    'postgresql://ada:pa%20ss@[::1]:5432/auth?sslmode=require',
    'postgres://a,b/auth',
  ])('may be %s', (connectionString) => {
    const [base] = connectionString.split('?')
    expect(resolveTarget({ connectionString })).toMatchObject({ kind: 'postgres', connectionString: base })
  })

  it.for([
    '',
    ' ',
    'undefined',
    'localhost',
    `ada:${secret}@host`,
    `postgres:/${secret}`,
    'postgres://',
    `http://${secret}`,
  ])('may not be %j, not even in development', async (connectionString) => {
    expect(await refusal({ connectionString })).toMatchObject({ code: 'INVALID_OPTIONS' })
    expect(await refusal({ connectionString, dataDir: 'memory://' })).toMatchObject({ code: 'INVALID_OPTIONS' })
  })
})

describe('a number', () => {
  const names = ['maxConnections', 'connectTimeoutMs', 'migrationLockTimeoutMs'] as const
  const values: unknown[] = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null]
  it.for(names.flatMap((name) => values.map((value) => [name, value] as const)))(
    '%s may not be %o',
    async ([name, value]) => {
      const error = await refusal({ connectionString: 'postgres://localhost/auth', [name]: value })
      expect(error).toMatchObject({ code: 'INVALID_OPTIONS' })
      expect(error.message).toContain(name)
    },
  )

  it('of steps to roll back may not be %o', async () => {
    await using authDb = createAuthDatabase({ dataDir: 'memory://', onNotice: () => undefined })
    for (const steps of [0, -1, 0.5, Number.NaN]) {
      expect(await failureOf(() => authDb.rollback(steps))).toMatchObject({ code: 'INVALID_OPTIONS' })
    }
  })
})
