/** Carries out a call on PGlite, or on one of its transactions. */
import type { PGliteInterface, QueryOptions, Transaction } from '@electric-sql/pglite'
import type { OpenedPGlite } from '../../pglite/open-pglite.ts'
import { parseArrays } from '../../pglite/pglite-connection.ts'
import { toSafeSerializers } from '../../pglite/safe-serializers.ts'
import { TypystDbError } from '../../errors.ts'
import type { Answer, Call, WireMessage, WireQueryOptions, WireType } from './protocol.ts'

/** What takes statements: PGlite, or one of its transactions. */
export type Statements = Pick<Transaction, 'query' | 'exec'>

/**
 * Runs a call.
 *
 * @param statements - Where statements go; absent where none may run, because the engine is held by `runExclusive`.
 */
export async function runCall(
  { client, arrayParsers }: Pick<OpenedPGlite, 'client' | 'arrayParsers'>,
  statements: Statements | undefined,
  call: Call,
): Promise<Answer> {
  switch (call.type) {
    case 'query': {
      const notices: WireMessage[] = []
      const options = toQueryOptions(call.options, notices)
      const result = await required(statements).query(call.text, [...call.params], options)
      if (options.parsers) parseArrays(result, arrayParsers, options.parsers)
      return { type: 'results', results: [result], notices }
    }
    case 'exec': {
      const notices: WireMessage[] = []
      const options = toQueryOptions(call.options, notices)
      const results = await required(statements).exec(call.text, options)
      for (const result of results) if (options.parsers) parseArrays(result, arrayParsers, options.parsers)
      return { type: 'results', results, notices }
    }
    case 'listen':
    case 'unlisten':
      await required(statements).exec(`${call.type} ${call.channel}`)
      return { type: 'done' }
    case 'describe':
      return describe(client, call.text)
    case 'protocol':
      // In a session that holds the engine, what one message leaves is there for the next.
      return statements ? client.runExclusive(() => runProtocol(client, call)) : runProtocol(client, call)
    case 'dump':
      return { type: 'file', file: await client.dumpDataDir(call.compression) }
    case 'refresh-array-types':
      await client.refreshArrayTypes()
      return { type: 'done' }
    case 'flush':
      return { type: 'done' }
    case 'begin':
    case 'hold':
    case 'commit':
    case 'rollback':
    case 'release':
      throw new TypystDbError(
        'QUERY_FAILED',
        'The request came outside of the transaction it belongs to. Run it again.',
      )
    default:
      return call satisfies never
  }
}

function required(statements: Statements | undefined): Statements {
  if (statements) return statements
  throw new TypystDbError(
    'QUERY_FAILED',
    'Inside `runExclusive` only the functions of the protocol can be used. Use `transaction()` for statements.',
  )
}

async function runProtocol(
  client: PGliteInterface,
  { message, form, syncToFs, throwOnError, wantsNotices }: Extract<Call, { readonly type: 'protocol' }>,
): Promise<Answer> {
  const notices: WireMessage[] = []
  if (form === 'raw') return { type: 'bytes', chunks: [await client.execProtocolRaw(message, { syncToFs })] }
  if (form === 'stream') {
    const chunks: Uint8Array[] = []
    // The bytes are a view on Postgres' memory.
    await client.execProtocolRawStream(message, { syncToFs, onRawData: (bytes) => chunks.push(bytes.slice()) })
    return { type: 'bytes', chunks }
  }
  const { messages, data } = await client.execProtocol(message, {
    syncToFs,
    throwOnError,
    ...noticeListener(wantsNotices, notices),
  })
  return { type: 'messages', messages: messages.map(toWireMessage), data, notices }
}

/** Of an error, a message to another thread keeps only the text. */
function toWireMessage(message: WireMessage): WireMessage {
  return message instanceof Error ? { ...toPlain(message), message: message.message } : message
}

function toPlain(message: WireMessage): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message))
}

async function describe(client: PGliteInterface, text: string): Promise<Answer> {
  const { queryParams, resultFields } = await client.describeQuery(text)
  const types = [...queryParams, ...resultFields].map(({ dataTypeID }) => dataTypeID)
  const { rows } = await client.query<{ oid: number; typelem: number }>(
    `select oid, typelem from pg_type where typcategory = 'A' and oid = any($1::oid[])`,
    [types],
  )
  const elements = new Map(rows.map(({ oid, typelem }) => [oid, typelem]))
  const toWire = (dataTypeID: number): WireType => ({ dataTypeID, elementTypeID: elements.get(dataTypeID) })
  return {
    type: 'description',
    params: queryParams.map(({ dataTypeID }) => toWire(dataTypeID)),
    fields: resultFields.map(({ name, dataTypeID }) => ({ name, ...toWire(dataTypeID) })),
  }
}

const asIs = (value: string): string => value

function asIsFor(types: readonly number[]): Record<number, typeof asIs> {
  return Object.fromEntries(types.map((type) => [type, asIs]))
}

function toQueryOptions(
  { rowMode, textTypes, serializedTypes, paramTypes, blob, wantsNotices }: WireQueryOptions,
  notices: WireMessage[],
): QueryOptions {
  return {
    ...(textTypes.length > 0 && { parsers: asIsFor(textTypes) }),
    ...(serializedTypes.length > 0 && { serializers: toSafeSerializers(asIsFor(serializedTypes)) }),
    ...(rowMode && { rowMode }),
    ...(paramTypes && { paramTypes: [...paramTypes] }),
    ...(blob && { blob }),
    ...noticeListener(wantsNotices, notices),
  }
}

function noticeListener(isWanted: boolean, notices: WireMessage[]): Pick<QueryOptions, 'onNotice'> {
  return isWanted ? { onNotice: (notice) => notices.push(toPlain(notice)) } : {}
}
