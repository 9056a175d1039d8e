/** Closed by default, with roles and default privileges as Supabase sets them up, and the proof that it is. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase, AuthDatabaseOptions } from '../../src/auth/index.ts'
import { sealTables } from '../../src/auth/seal-tables.ts'
import { createPostgresConnection } from '../../src/auth/connection/postgres-connection.ts'
import { resolvePostgres } from '../../src/auth/connection/postgres-target.ts'
import { applyMigrations } from '../../src/internal/run-migrations.ts'
import { failureOf } from '../support/leaks.ts'
import { createTestDatabase } from '../support/test-database.ts'

interface Supabase extends AsyncDisposable {
  readonly url: string
  /** The owner of the server, as the dashboard's SQL editor connects. */
  readonly admin: postgres.Sql
  readonly authDb: AuthDatabase
  /** Runs as a role of the Data API. */
  as(role: string, statement: string): Promise<unknown>
}

/** A database with Supabase's roles, grants and default privileges: https://supabase.com/docs/guides/api/securing-your-api */
async function openSupabase(options: AuthDatabaseOptions = {}): Promise<Supabase> {
  const database = await createTestDatabase()
  const admin = postgres(database.url, { max: 1, onnotice: () => undefined })
  // Roles belong to the whole server: another test may be making them at the same moment.
  for (const role of ['anon', 'authenticated']) {
    await admin.unsafe(`do $$ begin
      if to_regrole('${role}') is null then create role ${role}; end if;
    exception when duplicate_object or unique_violation then null;
    end $$`)
  }
  await admin.unsafe(`
    grant usage on schema public to anon, authenticated;
    alter default privileges in schema public grant all on tables to anon, authenticated;
    alter default privileges in schema public grant all on sequences to anon, authenticated;
    alter default privileges in schema public grant all on functions to anon, authenticated`)
  const authDb = createAuthDatabase({ connectionString: database.url, ...options })
  return {
    url: database.url,
    admin,
    authDb,
    as: (role, statement) =>
      admin.begin(async (sql) => {
        await sql`set local role ${sql(role)}`
        return await sql.unsafe(statement)
      }),
    async [Symbol.asyncDispose]() {
      await authDb.close()
      await admin.end()
      await database.drop()
    },
  }
}

const tables = ['"user"', 'session', 'account', 'verification']

describe('an auth database on Supabase', () => {
  it('shows its roles neither a row nor a column beyond the catalog, and works for its owner', async () => {
    await using supabase = await openSupabase()
    const { authDb } = supabase
    await supabase.admin`create table before_us (id int)`
    expect(await supabase.as('anon', 'select * from before_us')).toEqual([])
    await authDb.migrate()
    await authDb.db.insert(authDb.schema.user).values({ id: 'u', name: 'Ada', email: 'ada@example.com' })
    expect(await authDb.db.$count(authDb.schema.user)).toBe(1)
    for (const role of ['anon', 'authenticated']) {
      for (const table of tables) {
        for (const statement of [
          `select * from ${table}`,
          `select count(*) from ${table}`,
          `select id from ${table} limit 0`,
          `insert into ${table} default values`,
          `update ${table} set id = 'x'`,
          `delete from ${table}`,
          `truncate ${table} cascade`,
          `lock table ${table}`,
        ]) {
          await expect(supabase.as(role, statement), `${role}: ${statement}`).rejects.toMatchObject({ code: '42501' })
        }
      }
      const seen = "select table_name from information_schema.columns where table_schema in ('public', 'drizzle')"
      expect(await supabase.as(role, seen)).toEqual([{ table_name: 'before_us' }])
    }
    // What is not ours stays as it was.
    expect(await supabase.as('anon', 'select * from before_us')).toEqual([])
    const findings = await authDb.assertNotExposed()
    expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['default-privileges', 'schema']))
  })

  it('closes what a later migration makes, in its own transaction', async () => {
    await using supabase = await openSupabase()
    const opened = createPostgresConnection(resolvePostgres(supabase.url, { maxConnections: 1 }))
    const up = 'create table passkey (id serial primary key, "key" text); create view keys as select * from passkey'
    const migrations = [{ name: '0000_passkey', createdAt: 1, up }]
    await applyMigrations({ connection: opened.connection, table: '__later', migrations, seal: sealTables })
    await opened.close()
    for (const name of ['passkey', 'keys', 'passkey_id_seq', 'drizzle.__later']) {
      await expect(supabase.as('anon', `select * from ${name}`), name).rejects.toMatchObject({ code: '42501' })
    }
    const [row] = await supabase.admin`select relrowsecurity from pg_class where relname = 'passkey'`
    expect(row).toEqual({ relrowsecurity: true })
    await supabase.admin`create table not_ours (id int)`
    expect(await supabase.as('anon', 'select * from not_ours')).toEqual([])
  })

  it('keeps its tables in a schema of their own where asked to', async () => {
    await using supabase = await openSupabase({ postgresSchema: 'better_auth' })
    const { authDb, admin } = supabase
    await admin`create table "user" (not_ours int)`
    const applied = await authDb.migrate()
    expect(applied.length).toBeGreaterThan(0)
    await authDb.db.insert(authDb.schema.user).values({ id: 'u', name: 'Ada', email: 'ada@example.com' })
    await authDb.db.insert(authDb.schema.session).values({ id: 's', token: 't', userId: 'u', expiresAt: new Date() })
    expect(await admin`select id, email from better_auth."user"`).toEqual([{ id: 'u', email: 'ada@example.com' }])
    expect(await admin`select * from public."user"`).toEqual([])
    expect(await authDb.db.query.user.findFirst({ with: { sessions: true } })).toMatchObject({
      sessions: [{ id: 's' }],
    })
    expect(await authDb.assertNotExposed()).toEqual([])
    await expect(supabase.as('anon', 'select * from better_auth."user"')).rejects.toMatchObject({ code: '42501' })
    expect(await authDb.migrationStatus()).toEqual({ applied, pending: [], drifted: [] })
    // The tables of another schema of the same database are not its own.
    await using second = createAuthDatabase({ connectionString: supabase.url, postgresSchema: 'second_auth' })
    expect(await second.migrate()).toEqual(applied)
    expect(await second.db.$count(second.schema.user)).toBe(0)
    expect(await authDb.rollback(applied.length)).toEqual(applied.toReversed())
    expect(await second.db.$count(second.schema.user)).toBe(0)
  })
})

describe('the proof', () => {
  const holes: readonly (readonly [kind: string, statement: string, subject: string])[] = [
    ['rights', 'grant select on session to anon', 'public.session'],
    ['rights', 'grant select (email) on "user" to authenticated', 'public."user"'],
    ['rights', 'grant insert on verification to public', 'public.verification'],
    ['row-security', 'alter table account disable row level security', 'public.account'],
    ['policy', 'create policy mine on session to authenticated using (true)', 'public.session'],
    ['policy', 'create policy everybody on session using (true)', 'public.session'],
    ['view', 'create view profile as select name from "user"', 'public.profile'],
    [
      'view',
      'create view inner_one as select * from "user"; create view outer_one as select name from inner_one; revoke all on inner_one from anon, authenticated',
      'public.outer_one',
    ],
  ]
  it.for(holes)('finds %s: %s', async ([kind, statement, subject]) => {
    await using supabase = await openSupabase()
    const { authDb, admin } = supabase
    await authDb.migrate()
    await authDb.assertNotExposed()
    await admin.unsafe(statement)
    expect((await authDb.exposure()).filter(({ isExposed }) => isExposed)).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ kind, subject })]),
    )
    const error = await failureOf(() => authDb.assertNotExposed())
    expect(error).toMatchObject({ code: 'DATABASE_EXPOSED' })
    expect(error.message).toContain(subject)
  })

  it('does as it advises', async () => {
    await using supabase = await openSupabase()
    const { authDb, admin } = supabase
    await authDb.migrate()
    await admin.unsafe(
      'grant all on "user", session to anon, authenticated, public; alter table account disable row level security',
    )
    for (const { isExposed, advice } of await authDb.exposure()) {
      const [, statement] = advice.split('. Run: ')
      if (isExposed) await admin.unsafe(String(statement))
    }
    await authDb.assertNotExposed()
  })

  it('lets a view pass that asks with the rights of its reader, or that is meant to be seen', async () => {
    await using supabase = await openSupabase()
    const { authDb, admin } = supabase
    await authDb.migrate()
    await admin`create view mine with (security_invoker = on) as select * from session`
    await authDb.assertNotExposed()
    await expect(supabase.as('anon', 'select * from mine')).rejects.toMatchObject({ code: '42501' })
    await admin`create view profile as select name from "user"`
    await authDb.assertNotExposed({ allowedViews: ['public.profile'] })
  })

  it('needs tables to look at', async () => {
    await using supabase = await openSupabase()
    expect(await failureOf(() => supabase.authDb.assertNotExposed())).toMatchObject({ code: 'SCHEMA_MISMATCH' })
  })

  it('tells a role that is no owner why it sees nothing', async () => {
    await using supabase = await openSupabase()
    await supabase.authDb.migrate()
    const role = `guest_${crypto.randomUUID().slice(0, 8)}`
    await supabase.admin.unsafe(`create role ${role} login password 'guest'; grant select on "user" to ${role}`)
    const url = new URL(supabase.url)
    url.username = role
    url.password = 'guest'
    await using guest = createAuthDatabase({ connectionString: url.href })
    expect(await guest.exposure()).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ kind: 'locked-out', subject: 'public."user"' })]),
    )
    await guest.close()
    await supabase.admin.unsafe(`drop owned by ${role}; drop role ${role}`)
  })

  it('is a command that says so with its exit code', async () => {
    await using supabase = await openSupabase()
    await supabase.authDb.migrate()
    const doctor = async () => {
      const args = ['--import', 'tsx', 'scripts/auth-database.ts', 'doctor']
      const child = spawn(process.execPath, args, { env: { ...process.env, DATABASE_URL: supabase.url } })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      await once(child, 'close')
      return { status: child.exitCode, output }
    }
    expect(await doctor()).toMatchObject({ status: 0, output: expect.stringContaining('are closed') as string })
    await supabase.admin`grant select on "user" to anon`
    expect(await doctor()).toMatchObject({
      status: 1,
      output: expect.stringContaining('EXPOSED: Role anon has rights on public."user". Run: revoke') as string,
    })
  })
})
