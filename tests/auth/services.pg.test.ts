/** The services on Postgres, and what only several servers on one Postgres can show. */
import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { authSchema } from '../../src/schema/auth.ts'
import { openAuthOnPostgres } from '../support/open-auth-database.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { testServices } from './services-suite.ts'

testServices(openAuthOnPostgres)

const { session, user } = authSchema

it('lets eight servers clean up at once: each expired row goes once, and none that lives', async () => {
  await using database = await createTestDatabase()
  await using authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
  await authDb.db.insert(user).values({ id: 'ada', name: 'Ada', email: 'ada@example.com' })
  await authDb.db.execute(sql`insert into session (id, token, user_id, expires_at)
    select number::text, number::text, 'ada', now() + make_interval(hours => case when number % 4 = 0 then 1 else -1 end)
    from generate_series(1, 4000) as number`)
  const servers = Array.from({ length: 8 }, () =>
    createAuthDatabase({ connectionString: database.url, maxConnections: 2 }),
  )
  // Some by the lock, some without it.
  const runs = await Promise.all(
    servers.map(async (server, number) =>
      number % 2 === 0
        ? (await server.cleanUp({ batchRows: 100 })).sessions
        : await server.sessions.purgeExpired({ batchRows: 100 }),
    ),
  )
  await Promise.all(servers.map((server) => server.close()))
  expect(runs.reduce((total, count) => total + count)).toBe(3000)
  expect(await authDb.db.$count(session)).toBe(1000)
})

it('leaves the work to the server that is at it', async () => {
  await using database = await createTestDatabase()
  await using authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
  await authDb.db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('typyst:auth:clean-up', 0))`)
    expect(await authDb.cleanUp()).toEqual({ sessions: 0, verifications: 0, isElsewhere: true })
  })
  expect(await authDb.cleanUp()).toMatchObject({ isElsewhere: false })
})

it('finds expired sessions and pages of users by index', async () => {
  await using database = await createTestDatabase()
  await using authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
  await authDb.db.execute(sql`insert into "user" (id, name, email, created_at)
    select number::text, 'U', number || '@example.com', now() - make_interval(secs => number) from generate_series(1, 5000) as number`)
  await authDb.db.execute(sql`insert into session (id, token, user_id, expires_at)
    select number::text, number::text, number::text, now() + make_interval(secs => number - 50) from generate_series(1, 5000) as number`)
  await authDb.db.execute(sql`analyze`)
  const plan = async (text: string) =>
    (await authDb.sql.unsafe(`explain ${text}`)).map((row) => String(row['QUERY PLAN'])).join('\n')
  expect(await plan('select id from session where expires_at < now() limit 500 for update skip locked')).toContain(
    'session_expires_at_idx',
  )
  expect(
    await plan(`select * from "user" where (created_at, id) < (now(), 'x') order by created_at desc, id desc limit 51`),
  ).toContain('user_created_at_id_idx')
  // What every request asks.
  expect(await plan(`select * from session where token = '42'`)).toContain('session_token_unique')
})
