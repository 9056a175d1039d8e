/** The connection port over a postgres.js pool of our own. */
import type { Opened } from '../../internal/lazy-connection.ts'
import type { PostgresTarget } from '../options.ts'
import { closeTimeoutSeconds, createPostgresClient } from './postgres-client.ts'
import { createPostgresExecutor } from './postgres-executor.ts'
import { runPostgresTransaction } from './postgres-transaction.ts'

/** Makes a pool; it connects on the first query. */
export function createPostgresConnection(target: PostgresTarget): Opened {
  const client = createPostgresClient(target)
  return {
    connection: {
      ...createPostgresExecutor(client),
      transaction: (run, options) => runPostgresTransaction(client, run, options),
    },
    close: () => client.end({ timeout: closeTimeoutSeconds }),
  }
}
