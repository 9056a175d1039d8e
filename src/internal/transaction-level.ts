/** One level of a transaction, which is the transaction itself or a savepoint: one savepoint of a level is open at a time. */
import { TypystDbError } from '../errors.ts'
import { createDeferred } from './deferred.ts'
import { transactionOver } from './guard-session.ts'
import type { SqlConnection, SqlExecutor, SqlTransactionOptions } from './sql-connection.ts'
import { savepoint } from './sql-transaction.ts'
import { createTransactionGate, watchStatements } from './transaction-gate.ts'
import type { RunInside } from './transaction-gate.ts'

/** How long a statement waits for a nested transaction that does nothing, in milliseconds, where no option says so. */
export const defaultTransactionIdleTimeoutMs = 10_000

/** A connection whose transactions have levels: one on a transaction is a savepoint, undone alone when it fails. */
export interface LeveledConnection extends SqlExecutor {
  /** Commits, or releases, when `run` resolves; undoes and rethrows its error when it rejects. */
  transaction<T>(run: (tx: LeveledConnection) => Promise<T>, options?: SqlTransactionOptions): Promise<T>
}

/**
 * Gives a connection's transactions levels. Nested ones that are begun at once run one after the other, and so does a
 * statement of the outer one that comes while one is open: Postgres nests savepoints strictly, and to undo one undoes
 * everything that came after it, whoever sent it. A statement that its own transaction waits for is refused after
 * `idleTimeoutMs`.
 *
 * When the callback of a transaction has ended, statements under way are waited for, later ones are refused, and a nested
 * one that it has not waited for is undone.
 */
export function withLevels(connection: SqlConnection, idleTimeoutMs: number): LeveledConnection {
  return {
    ...connection,
    transaction: (run, options) =>
      connection.transaction((session) => runInLevels(session, idleTimeoutMs, run), options),
  }
}

async function runInLevels<T>(
  session: SqlExecutor,
  idleTimeoutMs: number,
  body: (level: LeveledConnection) => Promise<T>,
): Promise<T> {
  const transaction: OpenTransaction = { idleTimeoutMs, failure: undefined }
  const level = createLevel(session, 0, transaction)
  try {
    const result = await body(level.connection)
    await level.end()
    if (transaction.failure) throw transaction.failure
    return result
  } catch (cause) {
    await level.end()
    throw cause
  }
}

/** What the levels of one transaction share. */
interface OpenTransaction {
  readonly idleTimeoutMs: number
  /** Why it cannot be committed any more. */
  failure: TypystDbError | undefined
}

interface Level {
  readonly connection: LeveledConnection
  /** Refuses what comes and what waits, undoes a savepoint that is open, and resolves when no statement is under way. */
  readonly end: () => Promise<void>
}

function createLevel(session: SqlExecutor, depth: number, transaction: OpenTransaction): Level {
  const gate = createTransactionGate(transaction.idleTimeoutMs, blockedByNested)
  const underWay = new Set<Promise<unknown>>()
  let hasEnded = false
  let abandonNested: (() => void) | undefined
  let nestedEnd: Promise<unknown> = Promise.resolve()

  const refuseIfOver = (): void => {
    if (transaction.failure) throw transaction.failure
    if (hasEnded) throw transactionOver()
  }
  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay)
  }
  const runStatement = async <T>(statement: () => Promise<T>): Promise<T> => {
    refuseIfOver()
    const result = statement()
    const end = result.catch(() => undefined).finally(() => underWay.delete(end))
    underWay.add(end)
    return result
  }
  const inTurn = <T>(statement: () => Promise<T>): Promise<T> => gate.pass(() => runStatement(statement))

  /** Runs a savepoint, whose level is the next one. */
  const nest = async <T>(run: (tx: LeveledConnection) => Promise<T>, inside: RunInside<T>): Promise<T> => {
    refuseIfOver()
    // Those sent before belong to this level, whatever becomes of the savepoint.
    await settled()
    refuseIfOver()
    await session.exec(savepoint.begin(depth + 1))
    const abandoned = createDeferred<never>()
    abandonNested = () => abandoned.reject(transactionOver())
    if (hasEnded) abandonNested()
    let endNested = (): Promise<void> => Promise.resolve()
    try {
      const body = inside((watch) => {
        const level = createLevel(watchStatements(session, watch), depth + 1, transaction)
        endNested = level.end
        return run(level.connection)
      })
      const result = await Promise.race([body, abandoned.promise])
      await endNested()
      if (transaction.failure) throw transaction.failure
      await session.exec(savepoint.release(depth + 1))
      return result
    } catch (cause) {
      await endNested()
      await undo(cause)
      throw cause
    } finally {
      abandonNested = undefined
    }
  }

  /** When this fails, what the savepoint changed is still there: all of the transaction has to go. */
  const undo = async (cause: unknown): Promise<void> => {
    if (transaction.failure) return
    await session.exec(savepoint.rollBack(depth + 1)).catch(() => {
      transaction.failure = new TypystDbError(
        'TRANSACTION_ABORTED',
        'A nested transaction failed and could not be undone alone, so all of the transaction is rolled back. Run the whole of it again.',
        { cause },
      )
    })
  }

  return {
    connection: {
      query: (text, params) => inTurn(() => session.query(text, params)),
      queryArrays: (text, params) => inTurn(() => session.queryArrays(text, params)),
      exec: (text) => inTurn(() => session.exec(text)),
      transaction<T>(run: (tx: LeveledConnection) => Promise<T>) {
        return gate.hold<T>((inside) => {
          const nested = nest(run, inside)
          nestedEnd = nested.catch(() => undefined)
          return nested
        })
      },
    },
    async end() {
      hasEnded = true
      gate.refuseWaiting(transactionOver)
      abandonNested?.()
      await nestedEnd
      await settled()
    },
  }
}

function blockedByNested(idleTimeoutMs: number): TypystDbError {
  return new TypystDbError(
    'TRANSACTION_BLOCKED',
    `The query has waited ${idleTimeoutMs} ms for a nested transaction that does nothing, and was not run. Inside a nested transaction use its own \`tx\`, or pass that as \`{ tx }\`: the outer one goes on when the nested one has ended.`,
  )
}
