/** Sends a query in one call into WebAssembly, parsed and planned once; PGlite makes six calls, and parses it each time. */
import type { PGlite, protocol } from '@electric-sql/pglite'
import { createStatementCache } from './statement-cache.ts'
import type { BackendMessages, PreparedStatement } from './statement-cache.ts'
import {
  describesPortal,
  describesUnnamed,
  endsInSync,
  joinMessages,
  messageTypes,
  splitMessages,
  unnamedText,
  withName,
  withStatement,
} from './protocol-messages.ts'
import type { EngineWatch } from './watch-engine.ts'

/** Longer texts are built for once, such as an insert of many rows. */
const longestPrepared = 8192

/** Commands that leave every statement as it was parsed: https://www.postgresql.org/docs/18/protocol-message-formats.html. */
const harmlessCommand =
  /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE|BEGIN|START|COMMIT|SAVEPOINT|RELEASE|FETCH|MOVE|SHOW|EXPLAIN|LISTEN|UNLISTEN|NOTIFY|COPY|LOCK|TRUNCATE|VACUUM|ANALYZE|REINDEX|CHECKPOINT)\b/

/**
 * Errors that a statement can meet because it was parsed before something changed: feature not supported ("cached plan
 * must not change result type"), an unknown statement, and everything about names and types.
 */
const staleErrors = /^(?:0A|26|42)/

type Send = PGlite['execProtocolStream']
type Options = Parameters<Send>[1]

/** The statements that are prepared on a client. */
export interface PreparedStatements {
  find(text: string): PreparedStatement | undefined
  /** Sends messages as they are, in one call. */
  send(messages: readonly Uint8Array[], options: Options): Promise<BackendMessages>
  /** Tells of an error whether it may be one of having been parsed too early. All are forgotten then. */
  forgetIfStale(cause: unknown): boolean
}

/** The query under way. */
interface Query {
  readonly text: string
  readonly parse: Uint8Array
  statement: PreparedStatement | undefined
  /** Whether it was parsed for this query, and not for one before. */
  isFresh: boolean
}

/**
 * Makes a client hold a query's messages back until an answer is needed: at its end, and for a text that is new before that,
 * for the types of its parameters. PGlite's query lock keeps the messages of two queries apart, and a query ends with
 * `sync` whatever happens to it.
 *
 * All statements of a database come by here, or by way of what this returns. One that may change what others were parsed
 * against makes them be parsed again; where that hides in a function, it shows as an error, after which a query is tried
 * once more.
 *
 * @param engine - Given up when an answer does not end as Postgres ends each, everything behind which would be another's, or
 *   does not tell that a statement has run, which would be taken for a success.
 */
export function batchProtocol(
  client: Pick<PGlite, 'execProtocolStream'>,
  { serialize }: Pick<typeof protocol, 'serialize'>,
  engine: Pick<EngineWatch, 'fail'>,
): PreparedStatements {
  const send: Send = client.execProtocolStream.bind(client)
  const statements = createStatementCache()
  let held: Uint8Array[] = []
  let current: Query | undefined

  const sendAll = async (messages: readonly Uint8Array[], options: Options): Promise<BackendMessages> => {
    const closing = statements.takeDropped().map((name) => serialize.close({ type: 'S', name }))
    const message = joinMessages([...closing, ...messages])
    const answers = await send(message, options)
    if (endsInSync(message) && answers.at(-1)?.name !== 'readyForQuery')
      throw engine.fail(new Error('No ReadyForQuery.'))
    if (isRun(message) && !answers.some(isCompletion)) throw engine.fail(new Error('No CommandComplete.'))
    if (answers.some(isChange)) statements.clear()
    return answers
  }

  const prepare = async ({ text, parse }: Query, options: Options): Promise<PreparedStatement> => {
    const name = statements.newName()
    const describe = serialize.describe({ type: 'S', name })
    const statement = { text, name, description: await sendAll([...withName(parse, name), describe], options) }
    statements.add(statement)
    return statement
  }

  const describeCurrent = async (query: Query, options: Options): Promise<BackendMessages> => {
    query.statement = statements.find(query.text)
    query.isFresh = !query.statement
    query.statement ??= await prepare(query, options)
    // A copy, because PGlite adds to it.
    return [...query.statement.description]
  }

  /** Sends what is held for a statement, with its name in the place of none. */
  const sendFor = (statement: PreparedStatement | undefined, messages: readonly Uint8Array[], options: Options) =>
    sendAll(statement ? messages.flatMap((message) => withStatement(message, statement.name)) : messages, options)

  /** Parses a query again; gives nothing when its parameters would have to be written in another way. */
  const prepareAgain = async (query: Query, options: Options): Promise<PreparedStatement | undefined> => {
    const before = query.statement
    try {
      const statement = await prepare(query, options)
      return before && hasSameParameters(before, statement) ? statement : undefined
    } catch {
      // What the query met first is the error to report.
      await sendAll([serialize.sync()], options)
      return undefined
    }
  }

  const forgetIfStale = (cause: unknown): boolean => {
    const isStale = cause instanceof Error && 'code' in cause && staleErrors.test(String(cause.code))
    if (isStale) statements.clear()
    return isStale
  }

  client.execProtocolStream = async (message, options) => {
    const [type] = message
    if (type === messageTypes.parse) {
      const text = message.length > longestPrepared ? undefined : unnamedText(message)
      current = text === undefined ? undefined : { text, parse: message, statement: undefined, isFresh: false }
      if (!current) held.push(message)
      return []
    }
    if (type === messageTypes.bind || type === messageTypes.execute || describesPortal(message)) {
      if (current && !current.statement) {
        // Not one of PGlite's own queries, which ask for the types first.
        held.push(current.parse)
        current = undefined
      }
      held.push(message)
      return []
    }
    if (current && describesUnnamed(message)) return describeCurrent(current, options)

    const query = type === messageTypes.sync && held.length > 0 ? current : undefined
    const messages = [...held, message]
    held = []
    try {
      return await sendFor(query?.statement, messages, options)
    } catch (cause) {
      if (type === messageTypes.query) statements.clear()
      if (!query || query.isFresh || !forgetIfStale(cause)) throw cause
      // Inside a transaction block this fails: the error has ended the transaction already.
      const statement = await prepareAgain(query, options)
      if (!statement) throw cause
      return sendFor(statement, messages, options)
    }
  }
  return { find: (text) => statements.find(text), send: sendAll, forgetIfStale }
}

/** Whether a message has a statement run up to its end, which Postgres tells unless it throws an error. */
function isRun(message: Uint8Array): boolean {
  if (message[0] === messageTypes.query) return true
  if (!endsInSync(message)) return false
  for (const [type] of splitMessages(message)) if (type === messageTypes.execute) return true
  return false
}

function isCompletion({ name }: BackendMessages[number]): boolean {
  return name === 'commandComplete' || name === 'emptyQuery' || name === 'portalSuspended' || name === 'error'
}

function isChange(answer: BackendMessages[number]): boolean {
  return 'text' in answer && answer.name === 'commandComplete' && !harmlessCommand.test(String(answer.text))
}

function hasSameParameters(one: PreparedStatement, other: PreparedStatement): boolean {
  const [left, right] = [one, other].map(({ description }) =>
    description.flatMap((answer) => ('dataTypeIDs' in answer ? [answer.dataTypeIDs] : [])),
  )
  return String(left) === String(right)
}
