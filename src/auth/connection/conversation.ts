/**
 * Follows what is said on one connection, in both directions, and notices when the two ends no longer talk of the same. The
 * protocol has no numbers by which an answer could name its statement: answers come in the order of the statements, and a
 * driver that is one off gives each statement the next one's rows.
 */
import { driverError } from './driver-error.ts'
import { readFarewell } from './farewell.ts'
import { hideRoutine, idle, isComplete, isJudgedWhole, messageTypes } from './wire-messages.ts'

/** What is awaited is named by the type of the answer, where there is one that is the answer. */
const awaits = {
  parse: messageTypes.server.parseComplete,
  bind: messageTypes.server.bindComplete,
  close: messageTypes.server.closeComplete,
  parameters: messageTypes.server.parameterDescription,
  /** A description of rows, or that there are none. */
  rows: messageTypes.server.rowDescription,
  execution: messageTypes.server.commandComplete,
  ready: messageTypes.server.readyForQuery,
  /** All answers to a query without parameters, and that the server is ready. */
  query: messageTypes.client.query,
  /** The same, after which a transaction is open. */
  begin: -messageTypes.client.query,
} as const

/** What postgres.js begins a transaction with; the statements of callers never go out as the first of such a message. */
const begin = Buffer.from('begin ')

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
    const { client } = messageTypes
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
    const { server } = messageTypes
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
        const farewell =
          type === messageTypes.server.errorResponse ? readFarewell(bytes.subarray(at + 5, end)) : undefined
        if (farewell) return stop(farewell)
        if (type === messageTypes.server.errorResponse) hideRoutine(bytes, at + 5, end)
        if (isLoggedIn) {
          if (!receive(type, bytes, at, end)) return stop(faultOf(type, bytes[at + 5]))
          if (type === messageTypes.server.readyForQuery) ready += 1
        } else if (type === messageTypes.server.readyForQuery) {
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

/** Why a message that may not come now ends the connection. */
function faultOf(type: number, status: number | undefined): Error {
  const { copyIn, copyOut, copyBoth, readyForQuery } = messageTypes.server
  if (type === copyIn || type === copyOut || type === copyBoth) return driverError('SESSION_IN_COPY')
  if (type === readyForQuery && status !== idle) return driverError('SESSION_NOT_IDLE')
  return driverError('ANSWER_OUT_OF_ORDER')
}
