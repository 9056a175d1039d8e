/**
 * What comes over channels and ports, read as messages of protocol.ts: every script of the origin can post there, and tabs of
 * other releases do. What has not the shape of a message is none, and nothing is done about it.
 */
import { isOfKind } from '../storage/bytes.ts'
import type { Answer, Call, Discovery, FromWorker, ToClient, ToLeader, ToWorker } from './protocol.ts'

/** A reader for one direction: the message, or nothing. */
export type MessageReader<TMessage> = (data: unknown) => TMessage | undefined

type Check = (value: unknown) => boolean

/** Ids are UUIDs; what is longer is none of ours. */
const longestId = 100

const text: Check = (value) => typeof value === 'string'
const id: Check = (value) => typeof value === 'string' && value.length > 0 && value.length <= longestId
const flag: Check = (value) => typeof value === 'boolean'
const amount: Check = (value) => typeof value === 'number' && value >= 0
const count: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
// By their kind, not their class: a worker of another window gives that window's.
const bytes: Check = (value) => isOfKind(value, 'Uint8Array')
const file: Check = (value) => isOfKind(value, 'Blob') || isOfKind(value, 'File')
const anything: Check = (value) => typeof value === 'object' && value !== null
const oneOf =
  (...names: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && names.includes(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
/** An array of whatever the app put there. */
const values: Check = (value) => Array.isArray(value)
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null) return false
    for (const name in fields) if (fields[name]?.(Reflect.get(value, name)) === false) return false
    return true
  }

/** One check for each type of message, so that none can be left out. */
type Table<TMessage extends { readonly type: string }> = Readonly<Record<TMessage['type'], Check>>

const typed =
  <TMessage extends { readonly type: string }>(table: Table<TMessage>): ((value: unknown) => value is TMessage) =>
  (value): value is TMessage => {
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string')
      return false
    const checks: Readonly<Record<string, Check>> = table
    const check = Object.hasOwn(checks, value.type) ? checks[value.type] : undefined
    return check?.(value) === true
  }

const reader =
  <TMessage extends { readonly type: string }>(table: Table<TMessage>): MessageReader<TMessage> =>
  (data) => {
    const isMessage = typed(table)
    return isMessage(data) ? data : undefined
  }

const plain = record({})
const durability = oneOf('strict', 'relaxed')
const location = record({ kind: oneOf('indexeddb', 'memory', 'folder'), name: optional(text), path: optional(text) })
const migration = record({ name: text, up: text })
const migrations = record({ app: list(migration), consumer: list(migration) })
/** Its cause is looked at when it is decoded, down to a few. */
const error = record({ name: text, message: text, code: optional(text), stack: optional(text) })
const types = list(count)
const queryOptions = record({
  rowMode: optional(oneOf('array', 'object')),
  textTypes: types,
  serializedTypes: types,
  paramTypes: optional(types),
  blob: optional(file),
  wantsNotices: flag,
})

const isCall = typed<Call>({
  query: record({ text, params: values, options: queryOptions }),
  exec: record({ text, options: queryOptions }),
  describe: record({ text, paramTypes: optional(types) }),
  protocol: record({
    message: bytes,
    form: oneOf('raw', 'stream', 'messages'),
    syncToFs: flag,
    throwOnError: flag,
    wantsNotices: flag,
  }),
  dump: record({ compression: optional(text) }),
  'refresh-array-types': plain,
  begin: plain,
  hold: plain,
  commit: plain,
  rollback: plain,
  release: plain,
  listen: record({ channel: text }),
  unlisten: record({ channel: text }),
  flush: record({ scrubs: optional(flag) }),
})

const wireType = record({ dataTypeID: count, elementTypeID: optional(count) })
const result = record({ rows: values, fields: list(record({ name: text, dataTypeID: count })) })
const isAnswer = typed<Answer>({
  done: plain,
  results: record({ results: list(result), notices: values }),
  description: record({ params: list(wireType), fields: list(wireType) }),
  bytes: record({ chunks: list(bytes) }),
  messages: record({ messages: list(anything), data: bytes, notices: values }),
  file: record({ file }),
  'lost-rows': plain,
})

/** How a call ended. */
const outcome: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  'ok' in value &&
  (value.ok === true ? 'answer' in value && isAnswer(value.answer) : 'error' in value && error(value.error))
const numberedOutcome: Check = (value) => Array.isArray(value) && count(value[0]) && outcome(value[1])
const storage = record({
  phase: oneOf('clean', 'pending', 'failing', 'closed'),
  error: optional(error),
  storedBytes: amount,
  hasLostData: flag,
})

const toLeader: Table<ToLeader> = {
  attach: record({
    session: id,
    protocol: count,
    durability,
    memoryFallback: flag,
    migrations,
    channels: list(text),
    resume: list(count),
  }),
  call: record({ session: id, number: count, answeredBelow: count, within: optional(count), call: isCall }),
  destroy: record({ session: id, name: text }),
  detach: plain,
  knock: record({ session: id }),
}

const toClient: Table<ToClient> = {
  welcome: record({ leaderId: id }),
  progress: record({ phase: text }),
  attached: record({
    session: id,
    kind: oneOf('indexeddb', 'memory', 'folder'),
    fallbackCause: optional(error),
    storage: optional(storage),
    outcomes: list(numberedOutcome),
  }),
  known: record({ session: id }),
  refused: record({ session: id, error }),
  answer: record({ session: id, number: count, outcome }),
  notification: record({ channel: text, payload: text }),
  storage: record({ state: storage }),
  outdated: record({ session: id }),
  destroyed: record({ session: id }),
  'destroy-ended': record({ session: id, error: optional(error) }),
  deposed: record({ leaderId: id }),
  resigned: record({ leaderId: id }),
}

const leading = record({ leaderId: id })

/** From a tab to a leader. */
export const readToLeader = reader<ToLeader>(toLeader)

/** From a leader to a tab. */
export const readToClient = reader<ToClient>(toClient)

/** From a tab to its own worker. */
export const readToWorker = reader<ToWorker>({
  ...toLeader,
  join: record({
    location,
    clientId: id,
    durability,
    memoryFallback: flag,
    transactionIdleTimeoutMs: amount,
    leaderTimeoutMs: amount,
    mayBeRenewed: flag,
  }),
  leave: plain,
  'page-leaving': plain,
  'take-over': record({ leaderId: id }),
  preload: record({ location }),
  hold: record({ location }),
  'are-you-there': plain,
})

/** From a worker to its own tab. */
export const readFromWorker = reader<FromWorker>({
  ...toClient,
  serving: record({ workerId: id, url: optional(text), isModule: optional(flag) }),
  'storage-lost': plain,
  preloaded: record({ error: optional(error) }),
  left: plain,
  leading,
  here: plain,
  unable: record({ error }),
})

/** On the channel of a database. */
export const readDiscovery = reader<Discovery>({
  leading,
  'who-leads': plain,
  hello: record({ clientId: id, leaderId: id, protocol: count }),
  ping: record({ leaderId: id }),
  pong: record({ leaderId: id }),
  destroyed: record({ leaderId: id }),
})
