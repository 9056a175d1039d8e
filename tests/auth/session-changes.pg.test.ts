/** Sessions on Postgres, and what only a pool in front of a pooler can show. */
import { expect, inject, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { failureOf } from '../support/leaks.ts'
import { openAuthOnPostgres } from '../support/open-auth-database.ts'
import { testSessionChanges } from './session-changes-suite.ts'

testSessionChanges(openAuthOnPostgres)

it('refuses a reset through a transaction pooler only, whose own settings it would undo', async () => {
  const connectionString = inject('postgresUrl')
  await using direct = createAuthDatabase({ connectionString, maxConnections: 1 })
  await direct.db.transaction(async (tx) => {
    await tx.execute('set local role pg_monitor')
    await tx.execute('reset role')
  })
  await using pooled = createAuthDatabase({ connectionString, maxConnections: 1, pooler: 'transaction' })
  expect(await failureOf(() => pooled.sql`reset all`)).toMatchObject({ code: 'STATEMENT_REFUSED' })
})

it('tells the hooks of a refused statement', async () => {
  const codes: unknown[] = []
  await using authDb = createAuthDatabase({
    connectionString: inject('postgresUrl'),
    onQuery: ({ errorCode }) => void codes.push(errorCode),
  })
  await failureOf(() => authDb.sql`listen news`)
  expect(codes).toEqual(['STATEMENT_REFUSED'])
})
