/** The connection port over a postgres.js pool of our own. */
import { TypystDbError } from '../../errors.ts'
import type { Opened } from '../../internal/lazy-connection.ts'
import { choosePrepared } from './prepared-statements.ts'
import { createPostgresClient } from './postgres-client.ts'
import { createPostgresExecutor } from './postgres-executor.ts'
import type { PostgresTarget } from './postgres-target.ts'
import { runPostgresTransaction } from './postgres-transaction.ts'

/**
 * Opens a pool.
 *
 * @throws TypystDbError `INVALID_OPTIONS` when a transaction pooler, where no session can be told its schema, leads to
 *   another than the one asked for.
 */
export async function openPostgres(target: PostgresTarget): Promise<Opened> {
  const opened = createPostgresConnection(target)
  if (!target.isPooled || target.postgresSchema === undefined) return opened
  const { rows } = await opened.connection.query('select current_schema() as "schema"')
  if (rows[0]?.['schema'] === target.postgresSchema) return opened
  await opened.close()
  throw new TypystDbError(
    'INVALID_OPTIONS',
    'The role behind the transaction pooler does not have `postgresSchema` as its schema. Set it for the role: alter role … set search_path = ….',
  )
}

/** Makes a pool; it connects on the first query. */
export function createPostgresConnection(target: PostgresTarget): Opened {
  const client = createPostgresClient(target)
  const plans = target.preparesStatements ? choosePrepared() : undefined
  return {
    connection: {
      ...createPostgresExecutor(client, { plans }),
      transaction: (run, options) => runPostgresTransaction(client, run, options, plans),
    },
    close: () => client.end({ timeout: target.closeTimeoutMs / 1000 }),
  }
}
