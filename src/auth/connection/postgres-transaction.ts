/** A transaction on the pool of postgres.js that outlives neither its callback nor its connection. */
import { TypystDbError } from '../../errors.ts'
import { toDatabaseError } from '../../internal/database-error.ts'
import { atDriverEdge, transactionAtDriverEdge } from '../../internal/driver-edge.ts'
import { connectionLost, guardSession } from '../../internal/guard-session.ts'
import type { GuardedSession } from '../../internal/guard-session.ts'
import type { SqlExecutor, SqlTransactionOptions } from '../../internal/sql-connection.ts'
import { transactionModes } from '../../internal/sql-transaction.ts'
import { driverError, isFault } from './driver-error.ts'
import type { PostgresClient } from './postgres-client.ts'
import { createPostgresExecutor } from './postgres-executor.ts'
import type { Runner } from './postgres-executor.ts'
import type { PlanChoice } from './prepared-statements.ts'

/** SQLSTATE of a prepared statement that the server does not have, such as after `deallocate all`. */
const planIsGone = '26000'

/** Runs a transaction; the port says how. */
export function runPostgresTransaction<T>(
  client: PostgresClient,
  run: (tx: SqlExecutor) => Promise<T>,
  options: SqlTransactionOptions | undefined,
  plans: PlanChoice | undefined,
): Promise<T> {
  return transactionAtDriverEdge<SqlExecutor, T>((body) => begin(client, transactionModes(options), body, plans), run)
}

/**
 * `client.begin`, but for two things it does. It rolls back on a connection that is gone, and the failing write ends the
 * process: a body whose connection was lost never settles, as far as it can see. And it rolls back whenever a statement
 * failed, also one that a savepoint has undone: such a transaction is committed here, before it gets to that. The caller
 * hears of that when postgres.js is done as well: what it sends then must not meet the next transaction.
 */
function begin<T>(
  client: PostgresClient,
  modes: string,
  body: (tx: SqlExecutor) => Promise<T>,
  plans: PlanChoice | undefined,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let session: GuardedSession | undefined
    let committed: { readonly result: T } | undefined
    let failure: { readonly cause: unknown } | undefined
    const giveUp = () => client.giveUp()
    const scope = async (sql: Runner) => {
      const guarded = guardSession(createPostgresExecutor(sql, { plans, isTransaction: true, giveUp }))
      session = guarded
      try {
        const result = await body(guarded.executor)
        await guarded.settled()
        if (guarded.isLost) throw connectionLost()
        if (guarded.hasFailed) {
          await commit(sql)
          committed = { result }
        }
        // postgres.js resolves the elements of an array that a transaction returns; the wrapper keeps ours as it is.
        return { result }
      } catch (cause) {
        failure = { cause }
        if (!guarded.isLost) throw cause
        // What the body threw reaches the caller all the same.
        reject(connectionLost())
        return await new Promise<never>(() => undefined)
      } finally {
        guarded.end()
      }
    }
    client.sql.begin(modes, scope).then(
      ({ result }) => resolve(result),
      (cause: unknown) => {
        // While the body is still running, this means that the connection closed.
        session?.lose()
        const fail = (error: unknown) => {
          if (committed) resolve(committed.result)
          else reject(toDatabaseError(error))
        }
        const isOfBody = failure?.cause === cause
        // What postgres.js ends the transaction with has failed: it would keep the connection for a transaction that is over.
        const isLeftOpen = session !== undefined && !committed && !isOfBody && mayBeOpen(cause)
        const isFaulty = !isOfBody && isFault(cause)
        const error = isFaulty ? driverError('ANSWER_OUT_OF_ORDER') : cause
        // Where the server has thrown plans away, those of what ends a transaction are gone as well.
        const hasLostPlans = toDatabaseError(cause).sqlState === planIsGone
        if (isLeftOpen || isFaulty || hasLostPlans) giveUp().then(() => fail(error), fail)
        else fail(error)
      },
    )
  })
}

/** Whether a transaction may be open after its commit or rollback failed; a conflict or a violated constraint ends it. */
function mayBeOpen(cause: unknown): boolean {
  const { sqlState } = toDatabaseError(cause)
  return sqlState !== undefined && !/^(23|40)/.test(sqlState)
}

/** Commits; Postgres answers a commit after a failure with a rollback, and calls that a success. */
async function commit(sql: Runner): Promise<void> {
  const { command } = await atDriverEdge(() => sql.unsafe('commit'))
  if (command === 'ROLLBACK') {
    throw new TypystDbError(
      'TRANSACTION_ABORTED',
      'A statement of the transaction failed, so all of it was rolled back. Let the error pass, or run what may fail in a nested transaction.',
      { sqlState: '25P02' },
    )
  }
}
