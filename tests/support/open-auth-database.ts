/** A migrated auth database with a schema of a test's own, on the run's Postgres or in memory. */
import { wireAuthDatabase } from '../../src/auth/create-auth-database.ts'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase, AuthDatabaseOptions } from '../../src/auth/index.ts'
import { openMemory } from './open-memory.ts'
import { createTestDatabase } from './test-database.ts'

/** On Postgres; disposing it deletes the database too. */
export async function openAuthOnPostgres<TSchema extends Record<string, unknown>>(
  schema: TSchema,
  debug?: AuthDatabaseOptions['debug'],
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

/** The embedded default, in memory: an engine that others used before it, and emptied. */
export async function openAuthInMemory<TSchema extends Record<string, unknown>>(
  schema: TSchema,
  debug?: AuthDatabaseOptions['debug'],
): Promise<AuthDatabase<TSchema>> {
  return openAuthWith(schema, { debug })
}

/** The same with other options. */
export async function openAuthWith<TSchema extends Record<string, unknown>>(
  schema: TSchema,
  options: Omit<AuthDatabaseOptions, 'schema' | 'dataDir' | 'connectionString'>,
): Promise<AuthDatabase<TSchema>> {
  const authDb = wireAuthDatabase({ ...options, dataDir: 'memory://' }, schema, async () => {
    const { connection, ...opened } = await openMemory()
    return { connection, close: async () => opened[Symbol.asyncDispose]() }
  })
  await authDb.migrate()
  return authDb
}
