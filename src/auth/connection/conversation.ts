/**
 * Follows what is said on one connection, in both directions, and notices when the two ends no longer talk of the same. The
 * protocol has no numbers by which an answer could name its statement: answers come in the order of the statements, and a
 * driver that is one off gives each statement the next one's rows.
 */
import { driverError } from './driver-error.ts'
import { readFarewell } from './farewell.ts'

/** Types of messages; https://www.postgresql.org/docs/current/protocol-message-formats.html */
const from = {
  client: { parse: 0x50, bind: 0x42, describe: 0x44, execute: 0x45, close: 0x43, sync: 0x53, flush: 0x48, query: 0x51 },
  server: {
    parseComplete: 0x31,
    bindComplete: 0x32,
    closeComplete: 0x33,
    parameterDescription: 0x74,
    rowDescription: 0x54,
    noData: 0x6e,
    dataRow: 0x44,
    commandComplete: 0x43,
    emptyQuery: 0x49,
    errorResponse: 0x45,
    readyForQuery: 0x5a,
    notice: 0x4e,
    notification: 0x41,
    parameterStatus: 0x53,
    copyIn: 0x47,
    copyOut: 0x48,
    copyBoth: 0x57,
  },
} as const

/** What is awaited is named by the type of the answer, where there is one that is the answer. */
const awaits = {
  parse: from.server.parseComplete,
  bind: from.server.bindComplete,
  close: from.server.closeComplete,
  parameters: from.server.parameterDescription,
  /** A description of rows, or that there are none. */
  rows: from.server.rowDescription,
  execution: from.server.commandComplete,
  ready: from.server.readyForQuery,
  /** All answers to a query without parameters, and that the server is ready. */
  query: from.client.query,
  /** The same, after which a transaction is open. */
  begin: -from.client.query,
} as const

/** What postgres.js begins a transaction with; the statements of callers never go out as the first of such a message. */
const begin = Buffer.from('begin ')

/** The status of a session in no transaction. */
const idle = 0x49

/** What a chunk of a server comes to. */
export interface Received {
  /** What may be passed on. */
  readonly rest: Buffer
  /** Why the connection is of no more use. */
  readonly fault: Error | undefined
  /** How many statements it answers in full. */
  readonly ready: number
}

/** What the server owes at a moment. */
export interface Waiting {
  /** Whether it owes an answer. */
  readonly isWaiting: boolean
  /** Whether the client has yet to send the rest of a statement. */
  readonly isHalf: boolean
}

/** Both ends of one connection. */
export interface Conversation {
  /** To be told of all that is written, in whole messages; gives back why it must not be. */
  sent(chunk: Buffer): Error | undefined
  /** To be told of all that arrives, which may be cut anywhere. */
  received(chunk: Buffer): Received
  /** Whether the server has taken the login. */
  isLoggedIn(): boolean
  waiting(): Waiting
  isInTransaction(): boolean
}

interface Awaited {
  readonly kind: number
  /** The name of the prepared statement, where it matters. */
  readonly statement: string
}

/** Follows one connection from its login on. */
export function createConversation(): Conversation {
  let awaited: Awaited[] = []
  let head = 0
  let isLoggedIn = false
  let isInTransaction = false
  /** Whether the client has begun something that its next `sync` ends. */
  let isHalf = false
  /** Whether the server ignores everything until that. */
  let isSkipping = false
  let bound = ''
  let rows = 0
  /** Whether the statements that are known return rows. */
  const returnsRows = new Map<string, boolean>()

  // The part of a message that came at the end of a chunk and has to be whole.
  let held: Buffer = Buffer.alloc(0)
  let toSkip = 0

  const expect = (kind: number, statement = '') => {
    if (!isSkipping) awaited.push({ kind, statement })
  }
  const shift = () => {
    head += 1
    if (head === awaited.length) {
      awaited = []
      head = 0
    }
  }
  const take = (...kinds: readonly number[]): boolean => {
    const next = awaited[head]
    if (!next || !kinds.includes(next.kind)) return false
    shift()
    return true
  }

  const send = (type: number, chunk: Buffer, at: number): Error | undefined => {
    const { client } = from
    switch (type) {
      case client.parse:
        isHalf = true
        expect(awaits.parse)
        return undefined
      case client.bind: {
        isHalf = true
        // After the name of the portal, of which there is none, and the byte that ends it.
        const nameAt = chunk.indexOf(0, at + 5) + 1
        bound = chunk.toString('latin1', nameAt, chunk.indexOf(0, nameAt))
        expect(awaits.bind)
        return undefined
      }
      case client.describe: {
        isHalf = true
        expect(awaits.parameters)
        expect(awaits.rows, chunk.toString('latin1', at + 6, chunk.indexOf(0, at + 6)))
        return undefined
      }
      case client.execute:
        isHalf = true
        expect(awaits.execution, bound)
        return undefined
      case client.close:
        isHalf = true
        expect(awaits.close)
        return undefined
      case client.sync:
        // One that ends nothing is what postgres.js sends when it has lost count.
        if (!isHalf) return driverError('ANSWER_OUT_OF_ORDER')
        isHalf = isSkipping = false
        expect(awaits.ready)
        return undefined
      case client.query:
        expect(begin.equals(chunk.subarray(at + 5, at + 5 + begin.length)) ? awaits.begin : awaits.query)
        return undefined
      default:
        return undefined
    }
  }

  /** Whether a message is one that may come now; `at` is where it begins. */
  const receive = (type: number, bytes: Buffer, at: number, end: number): boolean => {
    const { server } = from
    const next = awaited[head]
    const isInQuery = next?.kind === awaits.query || next?.kind === awaits.begin
    switch (type) {
      case server.notice:
      case server.notification:
      case server.parameterStatus:
        return true
      case server.parseComplete:
      case server.bindComplete:
      case server.closeComplete:
      case server.parameterDescription:
        return take(type)
      case server.rowDescription:
      case server.noData:
        rows = 0
        if (isInQuery) return type === server.rowDescription
        if (next?.kind === awaits.rows) returnsRows.set(next.statement, type === server.rowDescription)
        return take(awaits.rows)
      case server.dataRow:
        rows += 1
        return isInQuery || (next?.kind === awaits.execution && returnsRows.get(next.statement) !== false)
      case server.emptyQuery:
        return isInQuery || take(awaits.execution)
      case server.commandComplete: {
        const returned = rows
        rows = 0
        if (isInQuery) return isComplete(bytes, at + 5, end, returned, undefined)
        const isWhole = isComplete(bytes, at + 5, end, returned, next && returnsRows.get(next.statement))
        return isWhole && take(awaits.execution)
      }
      case server.errorResponse:
        return fail(isInQuery)
      case server.readyForQuery: {
        const isIdle = bytes[at + 5] === idle
        const mayBegin = isInTransaction || next?.kind === awaits.begin
        isInTransaction = !isIdle
        return take(awaits.ready, awaits.query, awaits.begin) && (isIdle || mayBegin)
      }
      default:
        return false
    }
  }

  /** After an error the server leaves everything out until the client ends what it has begun. */
  const fail = (isInQuery: boolean): boolean => {
    rows = 0
    if (isInQuery) {
      const { kind } = awaited[head] ?? { kind: awaits.query }
      awaited[head] = { kind: kind === awaits.begin ? awaits.begin : awaits.ready, statement: '' }
      return true
    }
    if (isSkipping || (head === awaited.length && !isHalf)) return false
    while (head < awaited.length && awaited[head]?.kind !== awaits.ready) shift()
    isSkipping = head === awaited.length
    return true
  }

  return {
    sent(chunk) {
      // What a client sends comes in whole messages; those of the login have no type.
      for (let at = 0; at + 5 <= chunk.length && chunk[at] !== 0; at += 1 + chunk.readUInt32BE(at + 1)) {
        const fault = send(chunk[at] ?? 0, chunk, at)
        if (fault) return fault
      }
      return undefined
    },
    received(chunk) {
      const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
      held = Buffer.alloc(0)
      let ready = 0
      let at = toSkip
      while (at < bytes.length) {
        const type = bytes[at] ?? 0
        const end = at + 5 <= bytes.length ? at + 1 + bytes.readUInt32BE(at + 1) : undefined
        if (end === undefined || (end > bytes.length && isJudgedWhole(type))) {
          held = bytes.subarray(at)
          break
        }
        const stop = (fault: Error) => ({ rest: bytes.subarray(0, at), fault, ready })
        const farewell = type === from.server.errorResponse ? readFarewell(bytes.subarray(at + 5, end)) : undefined
        if (farewell) return stop(farewell)
        if (type === from.server.errorResponse) hideRoutine(bytes, at + 5, end)
        if (isLoggedIn) {
          if (!receive(type, bytes, at, end)) return stop(faultOf(type, bytes[at + 5]))
          if (type === from.server.readyForQuery) ready += 1
        } else if (type === from.server.readyForQuery) {
          isLoggedIn = true
          ready += 1
        }
        at = end
      }
      toSkip = held.length > 0 ? 0 : at - bytes.length
      return { rest: bytes.subarray(0, bytes.length - held.length), fault: undefined, ready }
    },
    isLoggedIn: () => isLoggedIn,
    waiting: () => ({ isWaiting: head < awaited.length || isHalf, isHalf }),
    isInTransaction: () => isInTransaction,
  }
}

/** The field of an error that says where in the server's source it was raised. */
const routine = 0x52

/**
 * Keeps postgres.js from sending a statement again whose plan is stale, which it knows by this field. When several of them wait
 * on the connection, it sends the descriptions of the second before it has bound the first, takes the answers to both for
 * those of the first, and waits for the second for ever (3.4.9). The executor runs such a statement again by itself.
 */
function hideRoutine(bytes: Buffer, first: number, end: number): void {
  for (let at = first; at < end - 1;) {
    if (bytes[at] === routine && bytes[at + 1] !== 0) bytes[at + 1] = 0x2d
    const next = bytes.indexOf(0, at) + 1
    if (next === 0) return
    at = next
  }
}

function isJudgedWhole(type: number): boolean {
  const { errorResponse, readyForQuery, commandComplete } = from.server
  return type === errorResponse || type === readyForQuery || type === commandComplete
}

const select = Buffer.from('SELECT ')
const tagsOfChanges = ['INSERT ', 'UPDATE ', 'DELETE ', 'MERGE '].map((tag) => Buffer.from(tag))

/**
 * Whether all rows have come that a statement says it gave: each is a message of its own. A `select` that makes a table says so
 * of rows that it does not give, and a change that it was asked to return them only where it was.
 */
function isComplete(bytes: Buffer, at: number, end: number, rows: number, returnsRows: boolean | undefined): boolean {
  const isSelect = startsWith(bytes, at, select)
  if (isSelect ? rows === 0 && returnsRows !== true : returnsRows !== true) return true
  if (!isSelect && !tagsOfChanges.some((tag) => startsWith(bytes, at, tag))) return true
  let count = 0
  for (let digitAt = end - 2, weight = 1; digitAt > at; digitAt -= 1, weight *= 10) {
    const digit = (bytes[digitAt] ?? 0) - 0x30
    if (digit < 0 || digit > 9) break
    count += digit * weight
  }
  return count === rows
}

function startsWith(bytes: Buffer, at: number, tag: Buffer): boolean {
  return bytes[at] === tag[0] && bytes.compare(tag, 0, tag.length, at, at + tag.length) === 0
}

/** Why a message that may not come now ends the connection. */
function faultOf(type: number, status: number | undefined): Error {
  const { copyIn, copyOut, copyBoth, readyForQuery } = from.server
  if (type === copyIn || type === copyOut || type === copyBoth) return driverError('SESSION_IN_COPY')
  if (type === readyForQuery && status !== idle) return driverError('SESSION_NOT_IDLE')
  return driverError('ANSWER_OUT_OF_ORDER')
}
