/** The executor port over postgres.js: a pool, a reserved connection, or one that is in a transaction. */
import type { PendingQuery, Row, RowList } from 'postgres'
import { isTypystDbError } from '../../errors.ts'
import { atDriverEdge } from '../../internal/driver-edge.ts'
import { refuseParameters } from '../../internal/refuse-parameters.ts'
import type { SqlExecutor, SqlResult } from '../../internal/sql-connection.ts'
import type { Client } from './postgres-client.ts'
import type { PlanChoice } from './prepared-statements.ts'

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

/** How an executor keeps plans. */
export interface PlanOptions {
  /** Which statements to prepare; none by default. */
  readonly plans?: PlanChoice | undefined
  /** Whether a statement that fails ends a transaction, so that it cannot be run again. */
  readonly isTransaction?: boolean
}

/** Puts the port over a runner. */
export function createPostgresExecutor(
  client: Runner,
  { plans, isTransaction = false }: PlanOptions = {},
): SqlExecutor {
  // postgres.js takes an array for one of its first element's type; type 0 leaves the type to the server.
  const toParameter = (value: unknown) => (Array.isArray(value) ? client.types(value, 0) : value)
  const run = async <T>(
    text: string,
    params: readonly unknown[],
    read: (query: Statement) => PromiseLike<T>,
  ): Promise<T> => {
    refuseParameters(params)
    const attempt = (options: typeof once) =>
      atDriverEdge(() => read(client.unsafe<Row[]>(text, params.map(toParameter), options)))
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
    query: async (text, params = []) => {
      const result = await run(text, params, (query) => query)
      // A caller's own rows are a plain array.
      return toSqlResult(result, [...result])
    },
    queryArrays: async (text, params = []) => {
      const result = await run(text, params, (query) => query.values())
      return toSqlResult(result, result)
    },
    exec: (text) =>
      atDriverEdge(async () => {
        await client.unsafe(text)
      }),
  }
}

type Statement = PendingQuery<Row[]>

/** A statement that returns nothing has no columns, whatever the driver's type says. */
type Result = Pick<RowList<Row[]>, 'count'> & Partial<Pick<RowList<Row[]>, 'columns'>>

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
