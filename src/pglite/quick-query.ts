/** Runs a query that is prepared already as one message; PGlite serializes six, of which it waits for each. */
import type { parse, PGlite, protocol, QueryOptions, Results } from '@electric-sql/pglite'
import { isErrorCode } from '../internal/is-error-code.ts'
import type { PreparedStatements } from './batch-protocol.ts'
import { bindWith, joinMessages } from './protocol-messages.ts'
import type { BackendMessages, PreparedStatement } from './statement-cache.ts'

/** The parts of a client that its `query` is made of. */
type Client = Pick<
  PGlite,
  'query' | 'parsers' | 'serializers' | 'syncToFs' | '_checkReady' | '_runExclusiveTransaction' | '_runExclusiveQuery'
>

/** Others, such as `copy`, have to do with the blob of a query. */
const quickCommand = /^\s*(?:select|insert|update|delete|merge|with)\b/i

/** SQLSTATE of a statement in a transaction that has failed. */
const inFailedTransaction = '25P02'

/**
 * Replaces a client's `query`, and leaves to the one there was what is new, has options of its own, or was prepared too early.
 *
 * @param prepared - What {@link batchProtocol} gave for the client.
 */
export function quickQuery(
  client: Client,
  { protocol: { serialize }, parse: { parseDescribeStatementResults, parseResults } }: QuickModule,
  prepared: PreparedStatements,
): void {
  const query = client.query.bind(client)
  const rest = joinMessages([serialize.describe({ type: 'P' }), serialize.execute({}), serialize.sync()])

  const sendPrepared = async (
    statement: PreparedStatement,
    params: readonly Parameter[],
    options: QueryOptions | undefined,
  ): Promise<BackendMessages> => {
    const types = (statement.parameterTypes ??= parseDescribeStatementResults([...statement.description]))
    const values = params.map((value, at) => {
      if (value === null || value === undefined) return null
      const serializer = client.serializers[types[at] ?? 0]
      return serializer ? serializer(value) : value.toString()
    })
    return prepared.send([bindWith(statement.name, values, rest)], { ...options, syncToFs: false })
  }

  client.query = async <T>(text: string, params: Parameter[] = [], options?: QueryOptions): Promise<Results<T>> => {
    const isQuick = !options?.blob && !options?.paramTypes && !options?.serializers && quickCommand.test(text)
    if (!isQuick || !prepared.find(text)) return query(text, params, options)
    await client._checkReady()
    let failure: { readonly cause: unknown } | undefined
    const answers = await client._runExclusiveTransaction(() =>
      client._runExclusiveQuery(async () => {
        // What came before may have had it forgotten.
        const statement = prepared.find(text)
        if (!statement) return undefined
        let answers: BackendMessages
        try {
          answers = await sendPrepared(statement, params, options)
        } catch (cause) {
          if (!prepared.forgetIfStale(cause)) throw cause
          failure = { cause }
          return undefined
        }
        await client.syncToFs()
        return answers
      }),
    )
    if (answers) {
      const [result] = parseResults(answers, client.parsers, options)
      return result as Results<T> // What rows are, only the caller knows.
    }
    try {
      return await query(text, params, options)
    } catch (cause) {
      // The first one has ended the transaction.
      throw failure && isErrorCode(cause, inFailedTransaction) ? failure.cause : cause
    }
  }
}

/** A value as PGlite takes it, which asks no more of one either. */
type Parameter = { toString(): string } | null | undefined

/** What is used of PGlite's module. */
interface QuickModule {
  readonly protocol: Pick<typeof protocol, 'serialize'>
  readonly parse: typeof parse
}
