/** The connection port over an open PGlite. */
import type { PGliteInterface, Results, Transaction } from '@electric-sql/pglite'
import { atDriverEdge, transactionAtDriverEdge } from '../internal/driver-edge.ts'
import { refuseParameters } from '../internal/refuse-parameters.ts'
import type { SqlConnection, SqlExecutor, SqlResult, SqlTransactionOptions } from '../internal/sql-connection.ts'
import { transactionModes } from '../internal/sql-transaction.ts'

/** Types whose text reaches Drizzle as it is, because its columns decode it: dates, times and intervals, and arrays of them. */
const textTypes = [1082, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231]

const asText = (value: string) => value
const parsers = Object.fromEntries(textTypes.map((type) => [type, asText]))

/** Puts the port over a client; closing stays with the client's owner. */
export function createPGliteConnection(client: Pick<PGliteInterface, 'query' | 'exec' | 'transaction'>): SqlConnection {
  return {
    ...createExecutor(client),
    transaction<T>(run: (tx: SqlExecutor) => Promise<T>, options?: SqlTransactionOptions) {
      return transactionAtDriverEdge<Transaction, T>(
        (body) => client.transaction(body),
        async (tx) => {
          const executor = createExecutor(tx)
          const modes = transactionModes(options)
          if (modes) await executor.exec(`set transaction ${modes}`)
          return run(executor)
        },
      )
    },
  }
}

function createExecutor(client: Pick<Transaction, 'query' | 'exec'>): SqlExecutor {
  const query = <TRow>(text: string, params: readonly unknown[], rowMode: 'array' | 'object') =>
    atDriverEdge(async () => {
      refuseParameters(params)
      return toSqlResult(await client.query<TRow>(text, [...params], { parsers, rowMode }))
    })
  return {
    query: (text, params = []) => query<Record<string, unknown>>(text, params, 'object'),
    queryArrays: (text, params = []) => query<unknown[]>(text, params, 'array'),
    exec: (text) =>
      atDriverEdge(async () => {
        await client.exec(text)
      }),
  }
}

function toSqlResult<TRow>({ rows, affectedRows = 0, fields }: Results<TRow>): SqlResult<TRow> {
  return { rows, rowCount: rows.length || affectedRows, fields }
}
