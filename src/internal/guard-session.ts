/** Keeps statements off a session that is over: its transaction has ended, or its connection was lost. */
import { isTypystDbError, TypystDbError } from '../errors.ts'
import type { SqlExecutor } from './sql-connection.ts'

/** An executor that refuses once its session is over, and what became of the session. */
export interface GuardedSession {
  readonly executor: SqlExecutor
  /** Whether the connection is gone. */
  readonly isLost: boolean
  /** Whether a statement failed, also when the caller caught the error. */
  readonly hasFailed: boolean
  /** Resolves when every statement that was begun is done. */
  settled(): Promise<void>
  /** To be called when the transaction ends. */
  end(): void
  /** To be called when the connection was lost. */
  lose(): void
}

/**
 * Guards a session whose driver does not: postgres.js writes to a connection that is gone, which ends the process, and
 * runs a late statement of a transaction on whatever its connection does next.
 */
export function guardSession(executor: SqlExecutor): GuardedSession {
  let isLost = false
  let hasEnded = false
  let hasFailed = false
  const underWay = new Set<Promise<unknown>>()

  const attempt = async <T>(statement: () => Promise<T>): Promise<T> => {
    if (isLost) throw connectionLost()
    if (hasEnded) throw transactionOver()
    try {
      return await statement()
    } catch (cause) {
      hasFailed = true
      // With a SQLSTATE the server has answered, so the connection stands.
      if (isTypystDbError(cause) && cause.sqlState === undefined) {
        isLost ||= cause.code === 'CONNECTION_FAILED' || cause.code === 'CLOSED'
      }
      throw cause
    }
  }
  const run = <T>(statement: () => Promise<T>): Promise<T> => {
    const result = attempt(statement)
    const end = result.catch(() => undefined).finally(() => underWay.delete(end))
    underWay.add(end)
    return result
  }

  return {
    executor: {
      query: (text, params) => run(() => executor.query(text, params)),
      queryArrays: (text, params) => run(() => executor.queryArrays(text, params)),
      exec: (text) => run(() => executor.exec(text)),
    },
    get isLost() {
      return isLost
    },
    get hasFailed() {
      return hasFailed
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    end() {
      hasEnded = true
    },
    lose() {
      isLost = true
    },
  }
}

/** What a transaction fails with whose connection is gone. */
export function connectionLost(): TypystDbError {
  return new TypystDbError(
    'CONNECTION_FAILED',
    'The connection to the server was lost in mid-transaction, which rolls it back. Run the whole of it again.',
  )
}

/** What a statement fails with that comes when its transaction has ended. */
export function transactionOver(): TypystDbError {
  return new TypystDbError(
    'TRANSACTION_ABORTED',
    'The transaction is over. Wait for each of its queries inside the callback, and use the database itself after it.',
  )
}
