/** The connection port over a pool of our own, each of whose connections is a client of postgres.js. */
import { TypystDbError } from '../../errors.ts'
import type { Opened } from '../../internal/lazy-connection.ts'
import { createConnectionPool } from './connection-pool.ts'
import { choosePrepared } from './prepared-statements.ts'
import { createPostgresClient } from './postgres-client.ts'
import type { PostgresClient } from './postgres-client.ts'
import { createStatementRunner, toSqlExecutor } from './postgres-executor.ts'
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
  const { maxConnections, acquireTimeoutMs, closeTimeoutMs } = target
  const plans = target.preparesStatements ? choosePrepared() : undefined
  const clients: PostgresClient[] = []
  const pool = createConnectionPool({
    max: maxConnections,
    acquireTimeoutMs,
    create(index, onClose) {
      const client = createPostgresClient(oneOf(target, index), onClose)
      clients.push(client)
      return { client, runner: createStatementRunner(client.sql, { plans, giveUp: () => client.giveUp() }) }
    },
  })
  return {
    connection: {
      ...toSqlExecutor((run) => pool.share(({ runner }) => run(runner))),
      transaction: (run, options) => pool.reserve(({ client }) => runPostgresTransaction(client, run, options, plans)),
    },
    status: () => pool.status(),
    async close() {
      pool.close()
      await Promise.all(clients.map(({ sql }) => sql.end({ timeout: closeTimeoutMs / 1000 })))
    },
  }
}

/** The target of one connection of a pool. Where there are several servers, each connection begins with the next. */
function oneOf(target: PostgresTarget, index: number): PostgresTarget {
  const first = index % target.places.length
  const places = [...target.places.slice(first), ...target.places.slice(0, first)]
  return { ...target, places, maxConnections: 1 }
}
