/** Migrations while a fleet of servers is at work: many starts at once, a death in the middle, locks, back and forth. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { eq } from 'drizzle-orm'
import postgres from 'postgres'
import { describe, expect, it, vi } from 'vitest'
import { onOwnSession } from '../../src/auth/connection/own-session.ts'
import type { ConnectionOptions } from '../../src/auth/connection/connection-options.ts'
import { resolvePostgres } from '../../src/auth/connection/postgres-target.ts'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { withAuthMigrationLock } from '../../src/auth/migrate-auth.ts'
import { authMigrations } from '../../src/auth/migrations.generated.ts'
import { resolveMigrationTarget } from '../../src/auth/options.ts'
import { applyMigrations, readMigrationStatus, rollBackMigrations } from '../../src/internal/run-migrations.ts'
import type { MigrationTarget } from '../../src/internal/run-migrations.ts'
import { createTestDatabase } from '../support/test-database.ts'

/** The migrations of the next release: a column with a default, its index built while others write. */
const nextRelease = [
  ...authMigrations,
  {
    name: '9998_locale',
    createdAt: 9_999_999_999_998,
    up: `alter table "user" add column locale text not null default 'en'`,
    down: 'alter table "user" drop column locale',
  },
  {
    name: '9999_locale_index',
    createdAt: 9_999_999_999_999,
    up: '-- typyst:no-transaction\ncreate index concurrently if not exists user_locale_idx on "user" (locale)',
    down: '-- typyst:no-transaction\ndrop index concurrently if exists user_locale_idx',
  },
]

/** Does what `migrate()` and `rollback()` of a server do, with the next release's migrations. */
async function asNextRelease<T>(
  url: string,
  run: (target: MigrationTarget) => Promise<T>,
  options: ConnectionOptions = {},
): Promise<T> {
  const target = resolveMigrationTarget(options, resolvePostgres(url, options))
  const table = '__typyst_auth_migrations'
  return onOwnSession(target, (session) =>
    withAuthMigrationLock(session, 60_000, () => run({ connection: session, table, migrations: nextRelease })),
  )
}

/** The traffic of a server of today's release; nothing of it may fail. */
function startTraffic({ db, schema }: AuthDatabase) {
  let isRunning = true
  let done = 0
  const client = async () => {
    while (isRunning) {
      const id = randomUUID()
      await db.transaction(async (tx) => {
        await tx.insert(schema.user).values({ id, name: 'Ada', email: `${id}@example.com` })
        await tx.insert(schema.session).values({ id, token: id, userId: id, expiresAt: new Date() })
      })
      const found = await db.query.session.findFirst({ where: eq(schema.session.token, id), with: { user: true } })
      expect(found?.user.id).toBe(id)
      done += 1
    }
  }
  const clients = Promise.all([client(), client(), client(), client()])
  // Whoever stops it learns of a failure; nobody else has to.
  clients.catch(() => undefined)
  return {
    /** Waits until more work was done since now. */
    async goesOn() {
      const before = done
      await vi.waitFor(() => expect(done).toBeGreaterThan(before + 20), { timeout: 60_000 })
    },
    async stop() {
      isRunning = false
      await clients
    },
  }
}

async function openMigrated() {
  const database = await createTestDatabase()
  const authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 4 })
  await authDb.migrate()
  return {
    url: database.url,
    authDb,
    async [Symbol.asyncDispose]() {
      await authDb.close()
      await database.drop()
    },
  }
}

describe('a fleet', () => {
  it('starts eight servers of the next release at once under traffic, each migration once', async () => {
    await using fleet = await openMigrated()
    const traffic = startTraffic(fleet.authDb)
    await traffic.goesOn()
    const applied = await Promise.all(Array.from({ length: 8 }, () => asNextRelease(fleet.url, applyMigrations)))
    expect(applied.flat()).toEqual(['9998_locale', '9999_locale_index'])
    await traffic.goesOn()
    await traffic.stop()
    // A server of the release before is told, and goes on.
    expect((await fleet.authDb.migrationStatus()).drifted.map(({ code }) => code)).toEqual(['DATABASE_NEWER'])
    expect(await fleet.authDb.health()).toMatchObject({ isReady: true })
  })

  it('rolls back and forward again under traffic', async () => {
    await using fleet = await openMigrated()
    const traffic = startTraffic(fleet.authDb)
    for (let round = 0; round < 2; round += 1) {
      expect(await asNextRelease(fleet.url, applyMigrations)).toHaveLength(2)
      await traffic.goesOn()
      expect(await asNextRelease(fleet.url, (target) => rollBackMigrations(target, 2))).toHaveLength(2)
      await traffic.goesOn()
    }
    await traffic.stop()
    expect(await asNextRelease(fleet.url, readMigrationStatus)).toMatchObject({
      pending: ['9998_locale', '9999_locale_index'],
      drifted: [],
    })
  })

  it('is not held up by a server that died with the lock in the middle of a migration', async () => {
    await using database = await createTestDatabase()
    const script = `
      const { default: postgres } = await import('postgres')
      const sql = postgres(process.env.DATABASE_URL, { max: 1 })
      await sql\`select pg_advisory_lock(hashtextextended('__typyst_auth_migrations', 0))\`
      await sql.begin(async (tx) => {
        await tx\`create table "user" (half int)\`
        process.send('locked')
        await new Promise((resolve) => process.on('message', resolve))
      })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, DATABASE_URL: database.url },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await once(child, 'message')
    await using authDb = createAuthDatabase({ connectionString: database.url })
    const migrating = authDb.migrate()
    child.kill('SIGKILL')
    expect(await migrating).toEqual(authMigrations.map(({ name }) => name))
    expect(await authDb.db.select().from(authDb.schema.user)).toEqual([])
  })

  it('lets readers through after lock_timeout when a migration waits behind a long transaction', async () => {
    await using fleet = await openMigrated()
    const { authDb, url } = fleet
    const admin = postgres(url, { max: 1 })
    await admin.begin(async (long) => {
      await long`select * from "user"`
      const migrating = asNextRelease(url, applyMigrations, { lockTimeoutMs: 300 }).catch((cause: unknown) => cause)
      await using watcher = createAuthDatabase({ connectionString: url, maxConnections: 1 })
      await vi.waitFor(async () => {
        const waiting =
          await watcher.sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
        expect(waiting).toHaveLength(1)
      })
      // Queues behind the migration, and gets through although the long transaction is still there.
      expect(await authDb.db.select().from(authDb.schema.user)).toEqual([])
      expect(await migrating).toMatchObject({ code: 'MIGRATION_FAILED', sqlState: '55P03' })
    })
    await admin.end()
    expect(await asNextRelease(url, applyMigrations)).toHaveLength(2)
  })
})

it('shows by command what is applied, what is pending and what has drifted', async () => {
  await using fleet = await openMigrated()
  const status = async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/auth-database.ts', 'status'], {
      env: { ...process.env, DATABASE_URL: fleet.url },
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await once(child, 'close')
    return { status: child.exitCode, output }
  }
  const names = authMigrations.map(({ name }) => name).join(', ')
  expect(await status()).toEqual({ status: 0, output: `Applied: ${names}\nPending: none\nDrifted: none\n` })
  await fleet.authDb.sql`update drizzle.__typyst_auth_migrations set hash = 'edited'`
  expect(await status()).toMatchObject({
    status: 1,
    output: expect.stringContaining('(MIGRATION_EDITED)') as string,
  })
})
