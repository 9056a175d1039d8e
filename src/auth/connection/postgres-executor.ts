/** The executor port over postgres.js: a pool, a reserved connection, or one that is in a transaction. */
import type { PendingQuery, Row, RowList } from 'postgres'
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import { atDriverEdge } from '../../internal/driver-edge.ts'
import { refuseUnlessStatement } from '../../internal/plain-parameters.ts'
import type { SqlExecutor, SqlResult } from '../../internal/sql-connection.ts'
import { driverError, isFault } from './driver-error.ts'
import type { Client } from './postgres-client.ts'
import type { PlanChoice } from './prepared-statements.ts'
import { hasReadings, toWireValues } from './wire-values.ts'

/** The part of postgres.js that runs statements. */
export type Runner = Pick<Client, 'unsafe' | 'types'>

/** The extended protocol even without parameters: one statement a call, as PGlite has it. */
const once = { prepare: false, simple: false }
const keepingThePlan = { prepare: true, simple: false }

/**
 * What a plan may fail with whose tables have changed: the types of its parameters stay those it was made with, so that after
 * a change of a key from text to uuid Postgres looks for an operator between the two. 22P02 is a value that its old type cannot
 * take, or one that is just wrong: the second attempt tells.
 */
const stalePlan = new Set(['42883', '42804', '42846', '0A000', '22P02'])

/** How an executor keeps plans, and ends its connection. */
export interface ExecutorOptions {
  /** To end the connection when postgres.js has failed on it. */
  readonly giveUp: () => void
  /** Which statements to prepare; none by default. */
  readonly plans?: PlanChoice | undefined
  /** Whether a statement that fails ends a transaction, so that it cannot be run again. */
  readonly isTransaction?: boolean
}

/** Puts the port over a runner. */
export function createPostgresExecutor(
  client: Runner,
  { plans, isTransaction = false, giveUp }: ExecutorOptions,
): SqlExecutor {
  const atEdge = <T>(call: () => Promise<T>) =>
    atDriverEdge(async () => {
      try {
        return await call()
      } catch (thrown) {
        if (!isFault(thrown)) throw thrown
        giveUp()
        throw driverError('ANSWER_OUT_OF_ORDER')
      }
    })
  const run = async <TRow>(
    text: string,
    params: readonly unknown[],
    read: (query: PendingQuery<Row[]>) => Readable<TRow>,
  ): Promise<SqlResult<TRow>> => {
    refuseUnlessStatement(text)
    const values = toWireValues(params, client.types)
    const attempt = async (options: typeof once) => {
      try {
        return await atEdge(() => collectRows(read(client.unsafe<Row[]>(text, values, options))))
      } catch (cause) {
        throw isMisfit(cause, values) ? misfit(cause) : cause
      }
    }
    if (!plans?.isPrepared(text)) return attempt(once)
    try {
      return await attempt(keepingThePlan)
    } catch (cause) {
      if (!isTypystDbError(cause) || !stalePlan.has(cause.sqlState ?? '')) throw cause
      if (isTransaction) {
        // Over for this one; the next does without the plan.
        if (cause.sqlState !== '22P02') plans.giveUp(text)
        throw cause
      }
      const result = await attempt(once)
      plans.giveUp(text)
      return result
    }
  }
  return {
    query: (text, params = []) => run<Row>(text, params, (query) => query),
    queryArrays: (text, params = []) => run<unknown[]>(text, params, (query) => query.values()),
    async exec(text) {
      refuseUnlessStatement(text)
      await atEdge(() => client.unsafe(text).forEach(() => undefined))
    },
  }
}

/** Whether the server refused the NUL that a value has instead of a reading for its column; see wire-values.ts. */
function isMisfit(cause: unknown, values: readonly unknown[]): boolean {
  return isTypystDbError(cause) && cause.sqlState === '22021' && values.some(hasReadings)
}

function misfit(cause: unknown): TypystDbError {
  return new TypystDbError(
    'INVALID_INPUT',
    'A parameter is an object or an array, which its column does not take. Pass a value of the type of the column.',
    { cause, sqlState: '22021' },
  )
}

/** A statement that returns nothing has no columns, whatever the driver's type says. */
type Result = Pick<RowList<Row[]>, 'count'> & Partial<Pick<RowList<Row[]>, 'columns'>>

/** A query that gives its rows one by one. */
interface Readable<TRow> {
  forEach(take: (row: TRow, result: object) => void): Promise<Result>
}

/**
 * Collects the rows of one result. postgres.js would do so by itself, but counts them for the connection and not for the
 * result: after a query that failed in the middle, the next one's rows begin with as many holes
 * (https://github.com/porsager/postgres/issues/1119).
 */
async function collectRows<TRow>(query: Readable<TRow>): Promise<SqlResult<TRow>> {
  let rows: TRow[] = []
  let collected: object | undefined
  const result = await query.forEach((row, current) => {
    // It sends some statements a second time, whose result is another.
    if (current !== collected) rows = []
    collected = current
    rows.push(row)
  })
  return toSqlResult(result, collected === result ? rows : [])
}

function toSqlResult<TRow>(result: Result, rows: TRow[]): SqlResult<TRow> {
  return {
    rows,
    rowCount: result.count,
    // Made when they are asked for, which is hardly ever.
    get fields() {
      return result.columns?.map(({ name, type }) => ({ name, dataTypeID: type })) ?? []
    },
  }
}
