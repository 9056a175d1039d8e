/** PGlite's interface for a tab whose engine is in a worker. */
import type { ExecProtocolOptions, PGliteInterface, QueryOptions, Results, Transaction } from '@electric-sql/pglite'
import { TypystDbError } from '../../errors.ts'
import { toDatabaseError } from '../../internal/database-error.ts'
import { refuseWhatThrows } from '../../internal/plain-parameters.ts'
import { loadTemplate } from '../../pglite/load-pglite.ts'
import type { AppClient } from '../connection/app-client.ts'
import type { Answer, Call, WireMessage } from '../worker/protocol.ts'
import { describeQuery } from './describe-query.ts'
import type { Notifications } from './notifications.ts'
import type { OpenSession } from './pending-calls.ts'
import { parseResult, toPlain, toWireOptions } from './query-values.ts'
import type { TabClient } from './tab-client-types.ts'

/** The calls a remote client makes. */
export type RemoteCalls = Pick<TabClient, 'call' | 'begin'>

/** Builds the client. */
export function createRemoteClient(calls: RemoteCalls, notifications: Notifications): AppClient {
  /** Open sessions, the newest last: functions of the protocol belong to it, as they wait for nothing in PGlite. */
  const sessions: OpenSession[] = []

  const statementsIn = (session: OpenSession | undefined): Pick<Transaction, 'query' | 'sql' | 'exec'> => {
    const query = async <T>(text: string, params: unknown[] = [], options?: QueryOptions): Promise<Results<T>> => {
      const serialized = options?.serializers ? await serialize(text, params, options) : params
      const plain = refuseWhatThrows(() => serialized.map(toPlain))
      const call: Call = { type: 'query', text, params: plain, options: toWireOptions(options) }
      const [result] = await toResults<T>(calls.call(call, session), options)
      if (!result) throw unexpectedAnswer()
      return result
    }
    return {
      query,
      async sql<T>(strings: TemplateStringsArray, ...values: unknown[]) {
        const { query: write } = await loadTemplate()
        const { query: text, params } = write(strings, ...values)
        return query<T>(text, params)
      },
      exec: (text, options) =>
        toResults(calls.call({ type: 'exec', text, options: toWireOptions(options) }, session), options),
    }
  }

  const serialize = async (text: string, params: unknown[], { serializers, paramTypes }: QueryOptions) => {
    const answer = await calls.call({ type: 'describe', text, paramTypes }, sessions.at(-1))
    if (answer.type !== 'description') throw unexpectedAnswer()
    return params.map((param, index) => {
      const write = serializers?.[answer.params[index]?.dataTypeID ?? 0]
      return write && param !== null && param !== undefined ? write(param) : param
    })
  }

  const runProtocol = async (
    message: Uint8Array,
    form: 'raw' | 'stream' | 'messages',
    options: ExecProtocolOptions = {},
  ): Promise<Answer> => {
    const { syncToFs = true, throwOnError = true, onNotice } = options
    const wantsNotices = onNotice !== undefined
    const call: Call = { type: 'protocol', message, form, syncToFs, throwOnError, wantsNotices }
    return calls.call(call, sessions.at(-1))
  }

  const inSession = async <T>(kind: 'begin' | 'hold', run: (session: OpenSession) => Promise<T>): Promise<T> => {
    const session = await calls.begin(kind)
    sessions.push(session)
    try {
      return await run(session)
    } finally {
      sessions.splice(sessions.indexOf(session), 1)
    }
  }

  const listen: PGliteInterface['listen'] = async (channel, listener, tx) => {
    notifications.add(channel, listener)
    try {
      await calls.call({ type: 'listen', channel }, tx && sessions.at(-1))
    } catch (cause) {
      notifications.remove(channel, listener)
      throw cause
    }
    return (inTransaction) => unlisten(channel, listener, inTransaction)
  }
  const unlisten: PGliteInterface['unlisten'] = async (channel, listener, tx) => {
    if (notifications.remove(channel, listener)) await calls.call({ type: 'unlisten', channel }, tx && sessions.at(-1))
  }

  return {
    ...statementsIn(undefined),
    transaction: (run) =>
      inSession('begin', async (session) => {
        let closed = false
        const open = <T>(work: () => Promise<T>): Promise<T> =>
          closed ? Promise.reject(toDatabaseError(new Error('Transaction is closed'))) : work()
        const statements = statementsIn(session)
        const end = async (type: 'commit' | 'rollback') => {
          closed = true
          await calls.call({ type }, session)
        }
        const tx: Transaction = {
          query: (text, params, options) => open(() => statements.query(text, params, options)),
          sql: (strings, ...values: unknown[]) => open(() => statements.sql(strings, ...values)),
          exec: (text, options) => open(() => statements.exec(text, options)),
          rollback: () => open(() => end('rollback')),
          listen: (channel, listener) => open(() => listen(channel, listener, tx)),
          get closed() {
            return closed
          },
        }
        try {
          const result = await run(tx)
          if (!tx.closed) await end('commit')
          return result
        } catch (cause) {
          // When this fails too, the leader is gone and has rolled back.
          if (!tx.closed) await end('rollback').catch(() => undefined)
          throw cause
        }
      }),
    runExclusive: (run) =>
      inSession('hold', async (session) => {
        try {
          return await run()
        } finally {
          await calls.call({ type: 'release' }, session)
        }
      }),
    describeQuery: (text) => describeQuery(calls, text),
    async execProtocolRaw(message, options) {
      return concat(await chunksOf(runProtocol(message, 'raw', options)))
    },
    async execProtocolRawStream(message, options) {
      for (const chunk of await chunksOf(runProtocol(message, 'stream', options))) options?.onRawData(chunk)
    },
    async execProtocol(message, options) {
      const answer = await runProtocol(message, 'messages', options)
      if (answer.type !== 'messages') throw unexpectedAnswer()
      tellNotices(answer.notices, options)
      return { messages: asMessages(answer.messages), data: answer.data }
    },
    listen,
    unlisten,
    onNotification(listener) {
      notifications.addGlobal(listener)
      return () => notifications.removeGlobal(listener)
    },
    offNotification: (listener) => notifications.removeGlobal(listener),
    async dumpDataDir(compression) {
      const answer = await calls.call({ type: 'dump', compression })
      if (answer.type !== 'file') throw unexpectedAnswer()
      return answer.file
    },
    async refreshArrayTypes() {
      await calls.call({ type: 'refresh-array-types' })
    },
  }
}

async function toResults<T>(asked: Promise<Answer>, options: QueryOptions | undefined): Promise<Results<T>[]> {
  const answer = await asked
  if (answer.type === 'lost-rows') throw rowsLost()
  if (answer.type !== 'results') throw unexpectedAnswer()
  tellNotices(answer.notices, options)
  for (const result of answer.results) parseResult(result, options?.parsers)
  // PGlite takes its caller's word for the type of the rows, and so does whoever stands in for it.
  return answer.results as Results<T>[]
}

type Notice = Parameters<NonNullable<QueryOptions['onNotice']>>[0]

function tellNotices(notices: readonly WireMessage[], options: Pick<QueryOptions, 'onNotice'> | undefined): void {
  // The fields of PGlite's own messages crossed, and their class says nothing more.
  for (const notice of notices) options?.onNotice?.(notice as Notice)
}

type Messages = Awaited<ReturnType<PGliteInterface['execProtocol']>>['messages']

function asMessages(messages: readonly WireMessage[]): Messages {
  return messages as Messages
}

async function chunksOf(asked: Promise<Answer>): Promise<readonly Uint8Array[]> {
  const answer = await asked
  if (answer.type !== 'bytes') throw unexpectedAnswer()
  return answer.chunks
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks
  if (only && chunks.length === 1) return only
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function rowsLost(): TypystDbError {
  return new TypystDbError(
    'LEADER_CHANGED',
    'The statement took effect, then the tab that held the database went away with the rows it returned. Read them; do not repeat it.',
  )
}

export function unexpectedAnswer(): TypystDbError {
  return new TypystDbError('QUERY_FAILED', 'The worker gave an answer this code does not know. Reload the page.')
}
