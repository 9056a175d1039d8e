/** The auth migrations on Postgres: many processes at once, drizzle-kit beside us, and what Supabase's roles may see. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { authMigrations } from '../../src/auth/migrations.generated.ts'
import { createTestDatabase } from '../support/test-database.ts'

const names = authMigrations.map(({ name }) => name)

/** Runs a command of the project in a process of its own and gives its output. */
async function run(args: string[], url: string): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, args, { env: { ...process.env, DATABASE_URL: url } })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  return { status: child.exitCode, output }
}

const drizzleKitMigrate = ['node_modules/drizzle-kit/bin.cjs', 'migrate', '--config', 'drizzle.auth.config.ts']
const ourMigrate = ['--import', 'tsx', 'scripts/auth-database.ts', 'migrate']

describe('migrate', () => {
  it('lets eight processes migrate one empty database at once, each migration once', { tags: 'long' }, async () => {
    await using database = await createTestDatabase()
    const runs = await Promise.all(Array.from({ length: 8 }, () => run(ourMigrate, database.url)))
    expect(runs.filter(({ status }) => status !== 0)).toEqual([])
    expect(runs.filter(({ output }) => output.includes(names.join(', ')))).toHaveLength(1)
    await using authDb = createAuthDatabase({ connectionString: database.url })
    expect(await authDb.sql`select name from drizzle.__typyst_auth_migrations order by id`).toEqual(
      names.map((name) => ({ name })),
    )
  })

  it('recognises a database that drizzle-kit migrated', async () => {
    await using database = await createTestDatabase()
    expect(await run(drizzleKitMigrate, database.url)).toMatchObject({ status: 0 })
    await using authDb = createAuthDatabase({ connectionString: database.url })
    expect(await authDb.migrationStatus()).toEqual({ applied: names, pending: [], drifted: [] })
    expect(await authDb.migrate()).toEqual([])
  })

  it('is recognised by drizzle-kit', async () => {
    await using database = await createTestDatabase()
    await using authDb = createAuthDatabase({ connectionString: database.url })
    await authDb.migrate()
    const before = await authDb.sql`select * from drizzle.__typyst_auth_migrations`
    expect(await run(drizzleKitMigrate, database.url)).toMatchObject({ status: 0 })
    expect(await authDb.sql`select * from drizzle.__typyst_auth_migrations`).toEqual(before)
  })

  it('gives up with MIGRATION_LOCKED while another session migrates, and works once that is done', async () => {
    await using database = await createTestDatabase()
    const other = postgres(database.url, { max: 1 })
    await other`select pg_advisory_lock(hashtextextended('__typyst_auth_migrations', 0))`
    await using authDb = createAuthDatabase({ connectionString: database.url, migrationLockTimeoutMs: 300 })
    await expect(authDb.migrate()).rejects.toMatchObject({ code: 'MIGRATION_LOCKED' })
    expect(await authDb.sql`select to_regclass('"user"') as "user"`).toEqual([{ user: null }])
    await other.end()
    expect(await authDb.migrate()).toEqual(names)
  })

  it('goes down and up again by command', { tags: 'long' }, async () => {
    await using database = await createTestDatabase()
    await run(ourMigrate, database.url)
    const rollback = ['--import', 'tsx', 'scripts/auth-database.ts', 'rollback', '--steps', String(names.length)]
    expect((await run(rollback, database.url)).output).toContain(`Rolled back: ${names.toReversed().join(', ')}`)
    const status = ['--import', 'tsx', 'scripts/auth-database.ts', 'status']
    expect((await run(status, database.url)).output).toContain(`Pending: ${names.join(', ')}`)
    expect((await run(ourMigrate, database.url)).output).toContain(`Applied: ${names.join(', ')}`)
  })

  it("hides every auth table from the roles of Supabase's Data API and leaves it to the owner", async () => {
    await using database = await createTestDatabase()
    const admin = postgres(database.url, { max: 1, onnotice: () => undefined })
    // Roles belong to the whole server, so a test that ran before may have made them.
    await admin`do $$ begin
      if to_regrole('anon') is null then create role anon; end if;
      if to_regrole('authenticated') is null then create role authenticated; end if;
    end $$`
    await admin`grant usage on schema public to anon, authenticated`
    await admin`alter default privileges in schema public grant all on tables to anon, authenticated`
    await using authDb = createAuthDatabase({ connectionString: database.url })
    await authDb.migrate()
    await authDb.db.insert(authDb.schema.user).values({ id: 'u', name: 'Ada', email: 'ada@example.com' })
    expect(await authDb.db.$count(authDb.schema.user)).toBe(1)
    for (const role of ['anon', 'authenticated']) {
      for (const table of ['user', 'session', 'account', 'verification']) {
        await admin.begin(async (sql) => {
          await sql`set local role ${sql(role)}`
          await expect(sql.savepoint((inner) => inner`select * from ${inner(table)}`)).rejects.toMatchObject({
            code: '42501',
          })
        })
        // With rights given by mistake, row-level security still hides the rows.
        await admin`grant select on ${admin(table)} to ${admin(role)}`
        await admin.begin(async (sql) => {
          await sql`set local role ${sql(role)}`
          expect(await sql`select * from ${sql(table)}`).toEqual([])
        })
      }
    }
    await admin.end()
  })
})
