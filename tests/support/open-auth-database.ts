/** A migrated auth database with a schema of a test's own, on the run's Postgres or in memory. */
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase, StatementLog } from '../../src/auth/index.ts'
import { createTestDatabase } from './test-database.ts'

/** On Postgres; disposing it deletes the database too. */
export async function openAuthOnPostgres<TSchema extends Record<string, unknown>>(
  schema: TSchema,
  debug?: StatementLog,
): Promise<AuthDatabase<TSchema>> {
  const database = await createTestDatabase()
  const authDb = createAuthDatabase({ connectionString: database.url, schema, debug })
  await authDb.migrate()
  return {
    ...authDb,
    async [Symbol.asyncDispose]() {
      await authDb.close()
      await database.drop()
    },
  }
}

/** The embedded default, in memory. */
export async function openAuthInMemory<TSchema extends Record<string, unknown>>(
  schema: TSchema,
  debug?: StatementLog,
): Promise<AuthDatabase<TSchema>> {
  const authDb = createAuthDatabase({ dataDir: 'memory://', schema, debug, onNotice: () => undefined })
  await authDb.migrate()
  return authDb
}
