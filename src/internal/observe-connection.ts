/** Tells the hooks of every query on a connection port; without hooks it is the port itself. */
import { isTypystDbError } from '../errors.ts'
import type { TypystDbErrorCode } from '../errors.ts'
import { describeStatement, statementShape } from './describe-statement.ts'
import type { StatementHead } from './describe-statement.ts'
import type { QueryEvent, QueryHooks } from './query-hooks.ts'
import type { SqlConnection, SqlExecutor } from './sql-connection.ts'
import { refuseUnlessPositive } from './refuse-unless-positive.ts'
import { readSavepointStep } from './sql-transaction.ts'

/** Told of a query's event; the text is missing for a transaction. */
type Report = (event: QueryEvent, text?: string) => void

const defaultSlowQueryMs = 500

/**
 * Puts the hooks around a connection.
 *
 * @throws TypystDbError `INVALID_OPTIONS` for a threshold that is none.
 */
export function observeConnection(connection: SqlConnection, hooks: QueryHooks): SqlConnection {
  const { onQuery, onSlowQuery, slowQueryMs = defaultSlowQueryMs, logger } = hooks
  refuseUnlessPositive({ slowQueryMs })
  if (!onQuery && !onSlowQuery && !logger) return connection

  const report: Report = (event, text) => {
    undisturbed(() => onQuery?.(event))
    if (logger && event.errorCode) undisturbed(() => logger.warn({ ...event }, 'query failed'))
    if (text === undefined || event.durationMs < slowQueryMs || !(onSlowQuery ?? logger)) return
    const slow = { ...event, statement: statementShape(text) }
    undisturbed(() => onSlowQuery?.(slow))
    undisturbed(() => logger?.warn(slow, 'slow query'))
  }
  const audit = (event: QueryEvent) => {
    const { operation, table, rowCount } = event
    undisturbed(() => logger?.info({ operation, table, rowCount }, 'change'))
  }

  return {
    ...observeExecutor(connection, (event, text) => {
      report(event, text)
      if (isChange(event)) audit(event)
    }),
    transaction(run, options) {
      const journal = createJournal()
      return timed(
        () =>
          connection.transaction((tx) => {
            const executor = observeExecutor(tx, (event, text) => {
              report(event, text)
              if (isChange(event)) journal.add(event)
            })
            return run(journal.follow(executor, tx))
          }, options),
        (outcome) => {
          report({ operation: 'transaction', table: undefined, ...outcome, rowCount: undefined })
          if (!outcome.errorCode) journal.committed().forEach(audit)
        },
        'TRANSACTION_ABORTED',
      )
    },
  }
}

function observeExecutor(executor: SqlExecutor, report: Report): SqlExecutor {
  const observed = <T extends { readonly rowCount: number } | void>(text: string, run: () => Promise<T>) =>
    timed(
      run,
      (outcome) => {
        const { operation, table }: StatementHead = describeStatement(text)
        report({ operation, table, ...outcome }, text)
      },
      'QUERY_FAILED',
    )
  return {
    query: (text, params) => observed(text, () => executor.query(text, params)),
    queryArrays: (text, params) => observed(text, () => executor.queryArrays(text, params)),
    exec: (text) => observed(text, () => executor.exec(text)),
  }
}

type Outcome = Pick<QueryEvent, 'durationMs' | 'rowCount' | 'errorCode'>

async function timed<T>(
  run: () => Promise<T>,
  onDone: (outcome: Outcome) => void,
  foreignErrorCode: TypystDbErrorCode,
): Promise<T> {
  const startedAt = performance.now()
  const done = (rowCount: number | undefined, errorCode: TypystDbErrorCode | undefined) =>
    onDone({ durationMs: performance.now() - startedAt, rowCount, errorCode })
  try {
    const result = await run()
    done(rowCountOf(result), undefined)
    return result
  } catch (cause) {
    done(undefined, isTypystDbError(cause) ? cause.code : foreignErrorCode)
    throw cause
  }
}

function rowCountOf(result: unknown): number | undefined {
  const isResult = typeof result === 'object' && result !== null && 'rowCount' in result
  return isResult && typeof result.rowCount === 'number' ? result.rowCount : undefined
}

function isChange({ operation, rowCount = 0 }: QueryEvent): boolean {
  return rowCount > 0 && operation !== 'select' && operation !== 'other'
}

/** The changes of a transaction that its savepoints have not undone. */
function createJournal() {
  const changes: QueryEvent[] = []
  /** How many changes there were when the savepoint of a depth began. */
  const marks: number[] = []
  return {
    add: (event: QueryEvent) => void changes.push(event),
    committed: (): readonly QueryEvent[] => changes,
    /** An executor that keeps the savepoints in mind, which are no queries and go to `tx` itself. */
    follow: (observed: SqlExecutor, tx: SqlExecutor): SqlExecutor => ({
      ...observed,
      async exec(text) {
        const found = readSavepointStep(text)
        if (!found) return observed.exec(text)
        await tx.exec(text)
        // One that was released keeps its mark: it may still be undone when the release fails.
        if (found.step === 'begin') marks[found.depth] = changes.length
        if (found.step === 'rollBack') changes.length = marks[found.depth] ?? 0
      },
    }),
  }
}

function undisturbed(tell: () => void): void {
  try {
    tell()
  } catch {
    // See QueryHooks: the query is done, whatever the hook makes of it.
  }
}
