/** The executor port over postgres.js: a pool, a reserved connection, or one that is in a transaction. */
import type { PendingQuery, Row, RowList } from 'postgres'
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import { atDriverEdge } from '../../internal/driver-edge.ts'
import { refuseUnlessStatement } from '../../internal/plain-parameters.ts'
import type { SqlExecutor, SqlResult } from '../../internal/sql-connection.ts'
import { driverError, isFault } from './driver-error.ts'
import type { Client } from './postgres-client.ts'
import { mayBeStale } from './prepared-statements.ts'
import type { PlanChoice } from './prepared-statements.ts'
import { hasReadings, isBytes, isTyped, toWireValues } from './wire-values.ts'
import type { WireValue } from './wire-values.ts'

/** The part of postgres.js that runs statements. */
export type Runner = Pick<Client, 'unsafe' | 'types'>

/** The extended protocol even without parameters: one statement a call, as PGlite has it. */
const once = { prepare: false, simple: false }
const keepingThePlan = { prepare: true, simple: false }

/** A statement whose values nothing can change any more. */
interface Statement {
  readonly text: string
  readonly values: readonly WireValue[]
}

/** Runs statements on one connection. */
export interface StatementRunner {
  query(statement: Statement): Promise<SqlResult>
  queryArrays(statement: Statement): Promise<SqlResult<unknown[]>>
  exec(text: string): Promise<void>
}

/**
 * The port over runners of statements. It takes a caller's values over at once, however long the statement waits to be run.
 *
 * @param use - Finds a runner, and gives back what the statement on it comes to.
 */
export function toSqlExecutor(use: <T>(run: (runner: StatementRunner) => Promise<T>) => Promise<T>): SqlExecutor {
  return {
    async query(text, params = []) {
      const statement = toStatement(text, params)
      return use((runner) => runner.query(statement))
    },
    async queryArrays(text, params = []) {
      const statement = toStatement(text, params)
      return use((runner) => runner.queryArrays(statement))
    },
    async exec(text) {
      refuseUnlessStatement(text)
      return use((runner) => runner.exec(text))
    },
  }
}

function toStatement(text: string, params: readonly unknown[]): Statement {
  refuseUnlessStatement(text)
  return { text, values: toWireValues(params) }
}

/** How an executor keeps plans, and ends its connection. */
export interface ExecutorOptions {
  /** To end the connection when postgres.js has failed on it. */
  readonly giveUp: () => Promise<void>
  /** Which statements to prepare; none by default. */
  readonly plans?: PlanChoice | undefined
  /** Whether a statement that fails ends a transaction, so that it cannot be run again. */
  readonly isTransaction?: boolean
  /** Whether a transaction may be begun by a statement; see conversation.ts. */
  readonly mayBegin?: boolean
}

/** Puts the port over a client, or a part of one. */
export function createPostgresExecutor(client: Runner, options: ExecutorOptions): SqlExecutor {
  const runner = createStatementRunner(client, options)
  return toSqlExecutor((run) => run(runner))
}

/** Runs statements on a client, or on a part of one. */
export function createStatementRunner(
  client: Runner,
  { plans, isTransaction = false, mayBegin = false, giveUp }: ExecutorOptions,
): StatementRunner {
  const atEdge = <T>(call: () => Promise<T>) =>
    atDriverEdge(async () => {
      try {
        return await call()
      } catch (thrown) {
        if (!isFault(thrown)) throw thrown
        await giveUp()
        throw driverError('ANSWER_OUT_OF_ORDER')
      }
    })
  const run = async <TRow>(
    { text, values }: Statement,
    read: (query: PendingQuery<Row[]>) => Readable<TRow>,
  ): Promise<SqlResult<TRow>> => {
    const parameters = values.map((value) => (isTyped(value) ? client.types(value.text, value.type) : value))
    const attempt = async (sent: string, options: typeof once) => {
      try {
        return await atEdge(() => collectRows(read(client.unsafe<Row[]>(sent, parameters, options))))
      } catch (cause) {
        throw isMisfit(cause, values) ? misfit(cause) : cause
      }
    }
    const plan = plans?.planFor(text)
    if (!plans || plan === undefined) return attempt(text, once)
    try {
      return await attempt(plan, keepingThePlan)
    } catch (cause) {
      if (!isTypystDbError(cause) || !mayBeStale(cause.sqlState)) throw cause
      if (isTransaction) {
        // Over for this one.
        plans.suspect(text, plan)
        throw cause
      }
      const result = await attempt(text, once)
      plans.renew(text, plan)
      return result
    }
  }
  return {
    query: (statement) => run<Row>(statement, (query) => query),
    queryArrays: (statement) => run<unknown[]>(statement, (query) => query.values()),
    exec: (text) =>
      atEdge(async () => {
        await client.unsafe(mayBegin ? text : notAsOurs(text)).forEach(() => undefined)
      }),
  }
}

/** A connection that others use is given up when a statement leaves it in a transaction, unless it looks like our own `begin`. */
function notAsOurs(text: string): string {
  return text.startsWith('begin ') ? ` ${text}` : text
}

/** Whether the server refused the NUL that a value has instead of a reading for its column, or bytes; see wire-values.ts. */
function isMisfit(cause: unknown, values: readonly WireValue[]): cause is TypystDbError {
  if (!isTypystDbError(cause)) return false
  return (
    (cause.sqlState === '22021' && values.some(hasReadings)) || (cause.sqlState === '42804' && values.some(isBytes))
  )
}

function misfit(cause: TypystDbError): TypystDbError {
  return new TypystDbError(
    'INVALID_INPUT',
    'A parameter is of a kind that its column does not take, such as an object, an array or bytes. Pass a value of the type of the column.',
    { cause, sqlState: cause.sqlState },
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
