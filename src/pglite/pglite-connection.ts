/** The connection port over an open PGlite. */
import type { PGlite, Results, Transaction } from '@electric-sql/pglite'
import { atDriverEdge, transactionAtDriverEdge } from '../internal/driver-edge.ts'
import { refuseUnlessStatement, toPlainParameters } from '../internal/plain-parameters.ts'
import type { PlainValue } from '../internal/plain-parameters.ts'
import type { SqlConnection, SqlExecutor, SqlResult, SqlTransactionOptions } from '../internal/sql-connection.ts'
import { transactionModes } from '../internal/sql-transaction.ts'

/** Types whose text reaches Drizzle as it is, because its columns decode it: dates, times and intervals, and arrays of them. */
const textTypes = [1082, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231]

const asText = (value: string) => value
const textParsers = Object.fromEntries(textTypes.map((type) => [type, asText]))

type Parsers = PGlite['parsers']

/**
 * Puts the port over a client; closing stays with the client's owner.
 *
 * @param arrayParsers - What {@link inheritParsers} gave; none for a client that parses arrays by itself.
 */
export function createPGliteConnection(
  client: Pick<PGlite, 'query' | 'exec' | 'transaction'>,
  arrayParsers: Parsers,
): SqlConnection {
  return {
    ...createExecutor(client, arrayParsers),
    transaction<T>(run: (tx: SqlExecutor) => Promise<T>, options?: SqlTransactionOptions) {
      return transactionAtDriverEdge<Transaction, T>(
        (body) => client.transaction(body),
        async (tx) => {
          const executor = createExecutor(tx, arrayParsers)
          const modes = transactionModes(options)
          if (modes) await executor.exec(`set transaction ${modes}`)
          return run(executor)
        },
      )
    },
  }
}

/**
 * Spares each query a copy of the client's 318 parsers, which PGlite makes of its own properties when a query brings some:
 * 0.2 of 0.4 ms. Inherited ones serve queries that bring none; for ours, PGlite falls back to those it has for simple types.
 *
 * @returns The parsers that PGlite finds only in the client: those of arrays.
 */
export function inheritParsers(client: PGlite, simpleParsers: Parsers): Parsers {
  const { parsers } = client
  client.parsers = Object.create(parsers) as Parsers // What it inherits has the type; `create` cannot say so.
  return Object.fromEntries(Object.entries(parsers).filter(([type]) => !(type in simpleParsers)))
}

/**
 * Parses the arrays in the result of a query that brought parsers of its own, each in place.
 *
 * @param own - What the query brought; those types are left alone.
 */
export function parseArrays({ rows, fields }: Results<unknown>, arrayParsers: Parsers, own: object): void {
  for (const [at, { name, dataTypeID }] of fields.entries()) {
    const parse = arrayParsers[dataTypeID]
    if (!parse || dataTypeID in own) continue
    for (const row of rows as Record<string | number, unknown>[]) {
      const key = Array.isArray(row) ? at : name
      const value = row[key]
      if (typeof value === 'string') row[key] = parse(value, dataTypeID)
    }
  }
}

function createExecutor(client: Pick<Transaction, 'query' | 'exec'>, arrayParsers: Parsers): SqlExecutor {
  const query = <TRow>(text: string, params: readonly unknown[], rowMode: 'array' | 'object') =>
    atDriverEdge(async () => {
      refuseUnlessStatement(text)
      const values = toPlainParameters(params).map(toPGliteValue)
      const result = await client.query<TRow>(text, values, { parsers: textParsers, rowMode })
      parseArrays(result, arrayParsers, textParsers)
      return toSqlResult(result)
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

/** PGlite writes what JSON holds by itself, by the type of the column. */
function toPGliteValue(value: PlainValue): unknown {
  // JavaScript writes a negative zero without its sign.
  if (Object.is(value, -0)) return '-0'
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value
  if ('json' in value) return value.json === '' ? value.text : withText(JSON.parse(value.json), value.text)
  return value.map(toPGliteValue)
}

/** What a column takes that does not hold JSON; where there is no such text it takes nothing. */
function withText(value: unknown, text: string): unknown {
  if (text === '' || typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.defineProperty(value, 'toString', { value: () => text })
}

function toSqlResult<TRow>({ rows, affectedRows = 0, fields }: Results<TRow>): SqlResult<TRow> {
  return { rows, rowCount: rows.length || affectedRows, fields }
}
