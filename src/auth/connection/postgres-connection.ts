/** The connection port over a postgres.js pool of our own. */
import postgres from 'postgres'
import type { ReservedSql, Row, RowList, Sql } from 'postgres'
import { TypystDbError } from '../../errors.ts'
import { atDriverEdge, transactionAtDriverEdge } from '../../internal/driver-edge.ts'
import type { Opened } from '../../internal/lazy-connection.ts'
import type { SqlConnection, SqlExecutor, SqlResult, SqlTransactionOptions } from '../../internal/sql-connection.ts'
import { transactionModes } from '../../internal/sql-transaction.ts'
import type { PostgresTarget } from '../options.ts'

/** How long `close()` lets running queries finish, in seconds, before it ends their connections. */
const closeTimeoutSeconds = 5

/**
 * Types that pass through as text because Drizzle's columns decode them: dates, times and intervals, and arrays of them.
 * Drizzle's own driver does the same to the client it is given; this client stays private, so nobody else notices.
 */
const textTypes = {
  to: 1184,
  from: [1082, 1083, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231],
  serialize: (value: unknown) => (value instanceof Date ? value.toISOString() : value),
  parse: (text: string) => text,
}

/** Drizzle hands over JSON as text; what raw SQL passes is still an object. */
const json = {
  to: 3802,
  from: [114, 3802],
  serialize: (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)),
  parse: (text: string): unknown => JSON.parse(text),
}

/** A `bigint` is a number where that is exact, as PGlite has it, so that both connections give the same. */
const bigint = {
  to: 20,
  from: [20],
  serialize: (value: unknown) => String(value),
  parse: (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)),
}

type Types = { textTypes: string; json: unknown; bigint: number | bigint }
type Client = Sql<Types>
type Runner = Pick<Client, 'unsafe'>

/** The extended protocol even without parameters: one statement a call, as PGlite has it. */
const oneStatement = { prepare: false, simple: false }

/** Makes a pool; it connects on the first query. */
export function createPostgresConnection(target: PostgresTarget): Opened {
  const client = createClient(target)
  return {
    connection: {
      ...createExecutor(client),
      transaction<T>(run: (tx: SqlExecutor) => Promise<T>, options?: SqlTransactionOptions) {
        return transactionAtDriverEdge<Runner, T>(
          async (body) => {
            // postgres.js resolves the elements of an array that a transaction returns; the wrapper keeps ours as it is.
            const { result } = await client.begin(transactionModes(options), async (sql) => ({
              result: await body(sql),
            }))
            return result
          },
          (sql) => run(createExecutor(sql)),
        )
      },
    },
    close: () => client.end({ timeout: closeTimeoutSeconds }),
  }
}

/**
 * Runs work on one session of its own, which ends with it, and with it every lock the session holds.
 *
 * @param run - Gets a connection whose statements and transactions all run on that session.
 */
export async function onOwnSession<T>(target: PostgresTarget, run: (session: SqlConnection) => Promise<T>): Promise<T> {
  const client = createClient({ ...target, maxConnections: 1 })
  try {
    // Connecting by a query first: a failure to connect rejects it, with the reason.
    await atDriverEdge(() => client.unsafe('select 1'))
    const reserved = await atDriverEdge(() => client.reserve())
    try {
      return await run(createSession(reserved))
    } finally {
      reserved.release()
    }
  } finally {
    await client.end({ timeout: closeTimeoutSeconds })
  }
}

function createSession(reserved: ReservedSql<Types>): SqlConnection {
  const executor = createExecutor(reserved)
  return {
    ...executor,
    async transaction(run, options) {
      await executor.exec(`begin ${transactionModes(options)}`)
      try {
        const result = await run(executor)
        await executor.exec('commit')
        return result
      } catch (cause) {
        // When this fails too, the connection is gone and the server has rolled back by itself.
        await executor.exec('rollback').catch(() => undefined)
        throw cause
      }
    },
  }
}

function createClient({ connectionString, maxConnections, connectTimeoutMs }: PostgresTarget): Client {
  try {
    return postgres(connectionString, {
      max: maxConnections,
      connect_timeout: connectTimeoutMs / 1000,
      // The default prints notices, which may quote values, to the console.
      onnotice: () => undefined,
      connection: { application_name: '@typyst/db' },
      types: { textTypes, json, bigint },
    })
  } catch (cause) {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      '`connectionString` cannot be read. Percent-encode special characters of the user name and the password.',
      { cause },
    )
  }
}

function createExecutor(client: Runner): SqlExecutor {
  return {
    query: (text, params = []) =>
      atDriverEdge(async () => toSqlResult(await client.unsafe<Row[]>(text, [...params], oneStatement))),
    queryArrays: (text, params = []) =>
      atDriverEdge(async () => toSqlResult(await client.unsafe<Row[]>(text, [...params], oneStatement).values())),
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
