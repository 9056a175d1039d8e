/** The executor port over postgres.js: a pool, a reserved connection, or one that is in a transaction. */
import type { Row, RowList } from 'postgres'
import { atDriverEdge } from '../../internal/driver-edge.ts'
import { refuseParameters } from '../../internal/refuse-parameters.ts'
import type { SqlExecutor, SqlResult } from '../../internal/sql-connection.ts'
import type { Client } from './postgres-client.ts'

/** The part of postgres.js that runs statements. */
export type Runner = Pick<Client, 'unsafe' | 'types'>

/** The extended protocol even without parameters: one statement a call, as PGlite has it. */
const once = { prepare: false, simple: false }
const keepingThePlan = { prepare: true, simple: false }

/** Says of a statement whether the server shall keep its plan. */
export type IsPrepared = (text: string) => boolean

/**
 * Puts the port over a runner.
 *
 * @param isPrepared - Which statements to prepare; none by default.
 */
export function createPostgresExecutor(client: Runner, isPrepared: IsPrepared = () => false): SqlExecutor {
  // postgres.js takes an array for one of its first element's type; type 0 leaves the type to the server.
  const toParameter = (value: unknown) => (Array.isArray(value) ? client.types(value, 0) : value)
  const unsafe = (text: string, params: readonly unknown[]) => {
    refuseParameters(params)
    return client.unsafe<Row[]>(text, params.map(toParameter), isPrepared(text) ? keepingThePlan : once)
  }
  return {
    query: (text, params = []) => atDriverEdge(async () => toSqlResult(await unsafe(text, params))),
    queryArrays: (text, params = []) => atDriverEdge(async () => toSqlResult(await unsafe(text, params).values())),
    exec: (text) =>
      atDriverEdge(async () => {
        await client.unsafe(text)
      }),
  }
}

/** A statement that returns nothing has no columns, whatever the driver's type says. */
type Result<TRow> = TRow[] & Pick<RowList<Row[]>, 'count'> & Partial<Pick<RowList<Row[]>, 'columns'>>

function toSqlResult<TRow>(result: Result<TRow>): SqlResult<TRow> {
  const fields = result.columns?.map(({ name, type }) => ({ name, dataTypeID: type })) ?? []
  return { rows: [...result], rowCount: result.count, fields }
}
