/** Sessions on the embedded database, of which there is one. */
import { expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { failureOf } from '../support/leaks.ts'
import { openAuthInMemory } from '../support/open-auth-database.ts'
import { testSessionChanges } from './session-changes-suite.ts'

testSessionChanges(openAuthInMemory)

it('refuses a reset of the one session of an embedded database, which would forget its schema', async () => {
  await using authDb = createAuthDatabase({ dataDir: 'memory://', postgresSchema: 'better_auth' })
  await authDb.migrate()
  for (const reset of ['reset all', 'reset search_path']) {
    expect(await failureOf(() => authDb.sql.unsafe(reset))).toMatchObject({ code: 'STATEMENT_REFUSED' })
  }
  expect(await authDb.sql`show search_path`).toEqual([{ search_path: 'better_auth' }])
})
