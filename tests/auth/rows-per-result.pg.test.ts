/** A query that fails in the middle of its rows leaves nothing behind in the next result of its connection. */
import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { failureOf } from '../support/leaks.ts'
import { createTestDatabase } from '../support/test-database.ts'

const ada = { id: 'ada', name: 'Ada', email: 'ada@example.com' }
const dividing = '10 / (50 - n) from generate_series(1, 100) as n'

const interruptions: readonly [name: string, interrupt: (authDb: AuthDatabase) => Promise<unknown>][] = [
  ['a division by zero', (authDb) => authDb.sql.unsafe(`select ${dividing}`)],
  ['the same in statements without parameters', (authDb) => authDb.db.execute(`select ${dividing}`)],
  ['a timeout', (authDb) => authDb.sql`select n, pg_sleep(n / 1000.0) from generate_series(1, 200) as n`],
  [
    'a cancel',
    (authDb) =>
      authDb.sql`select case n when 50 then pg_cancel_backend(pg_backend_pid())::text else 'row' end, pg_sleep(n / 5000.0)
        from generate_series(1, 100) as n`,
  ],
  [
    'an error in a transaction that a savepoint undoes',
    (authDb) => authDb.db.transaction((tx) => tx.transaction((inner) => inner.execute(sql.raw(`select ${dividing}`)))),
  ],
]

it.for(interruptions)('after %s', async ([, interrupt]) => {
  await using database = await createTestDatabase()
  await using authDb = createAuthDatabase({
    connectionString: database.url,
    maxConnections: 1,
    statementTimeoutMs: 1000,
  })
  await authDb.migrate()
  await authDb.db.insert(authDb.schema.user).values(ada)
  const ways: readonly (() => Promise<unknown>)[] = [
    () => authDb.sql`select id from "user"`,
    async () => authDb.db.select({ id: authDb.schema.user.id }).from(authDb.schema.user),
    async () => (await authDb.users.list()).users.map(({ id }) => ({ id })),
    async () => [
      {
        id: (
          (await authDb.adapter({}).findOne({ model: 'user', where: [{ field: 'id', value: 'ada' }] })) as typeof ada
        ).id,
      },
    ],
    async () => ((await authDb.db.$count(authDb.schema.user)) === 1 ? [{ id: 'ada' }] : []),
  ]
  for (const ask of ways) {
    await failureOf(() => interrupt(authDb))
    expect(await ask()).toEqual([{ id: 'ada' }])
  }
})
