/** One session of Postgres outside the pool, for work that locks or must not be interleaved. */
import { atDriverEdge } from '../../internal/driver-edge.ts'
import { guardSession } from '../../internal/guard-session.ts'
import type { SqlConnection, SqlExecutor } from '../../internal/sql-connection.ts'
import { transactionModes } from '../../internal/sql-transaction.ts'
import { createPostgresClient } from './postgres-client.ts'
import { createPostgresExecutor } from './postgres-executor.ts'
import type { PostgresTarget } from './postgres-target.ts'
import { watchSession } from './watch-session.ts'

/**
 * Runs work on one session of its own, which ends with it, and with it every lock the session holds. Its statements take as
 * long as they like, while the server says that it is at them.
 *
 * @param run - Gets a connection whose statements and transactions all run on that session.
 */
export async function onOwnSession<T>(target: PostgresTarget, run: (session: SqlConnection) => Promise<T>): Promise<T> {
  let onLost = (): void => undefined
  let isLost = false
  const watch = watchSession(target)
  // It may hold a lock while nothing runs on it, and is closed below.
  const { sql: client, giveUp } = createPostgresClient(target, () => onLost(), {
    idleTimeoutMs: undefined,
    lifetimeMs: undefined,
    mayAnswer: () => watch.mayAnswer(),
  })
  try {
    // Connecting by a query first: a failure to connect rejects it, with the reason.
    await atDriverEdge(() => client.unsafe('select 1'))
    const reserved = await atDriverEdge(() => client.reserve())
    await atDriverEdge(() => watch.identify(reserved))
    const session = guardSession(createPostgresExecutor(reserved, { giveUp, mayBegin: true }))
    onLost = () => session.lose()
    try {
      return await run(toConnection(session.executor))
    } finally {
      isLost = session.isLost
      // A connection that is gone must not go back to the pool, which would use it.
      if (!isLost) reserved.release()
    }
  } finally {
    // For a connection that was not given back, it would wait as long as it may.
    await client.end({ timeout: isLost ? 0 : target.closeTimeoutMs / 1000 })
  }
}

function toConnection(executor: SqlExecutor): SqlConnection {
  return {
    ...executor,
    async transaction(run, options) {
      await executor.exec(`begin ${transactionModes(options)}`)
      try {
        const result = await run(executor)
        await executor.exec('commit')
        return result
      } catch (cause) {
        // When this fails too, the connection is gone and the server has rolled back by itself.
        await executor.exec('rollback').catch(() => undefined)
        throw cause
      }
    },
  }
}
