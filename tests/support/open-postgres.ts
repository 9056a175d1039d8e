/** An empty database of the run's Postgres. */
import { createPostgresConnection } from '../../src/auth/connection/postgres-connection.ts'
import type { ConnectionOptions } from '../../src/auth/connection/connection-options.ts'
import { resolvePostgres } from '../../src/auth/connection/postgres-target.ts'
import type { OpenedConnection } from './opened-connection.ts'
import { createTestDatabase } from './test-database.ts'

/** Opens it behind the connection port. */
export async function openPostgres(options: ConnectionOptions = {}): Promise<OpenedConnection> {
  const database = await createTestDatabase()
  const opened = createPostgresConnection(resolvePostgres(database.url, { maxConnections: 3, ...options }))
  return {
    connection: opened.connection,
    async [Symbol.asyncDispose]() {
      await opened.close()
      await database.drop()
    },
  }
}
