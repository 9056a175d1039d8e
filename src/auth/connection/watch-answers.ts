/**
 * Gives up a connection whose server does not answer. A server that has frozen, or is cut off, keeps none of the timeouts
 * that a session sets, and TCP sees nothing wrong with it: its system still acknowledges what arrives.
 */
import type { Socket } from 'node:net'
import { driverError } from './driver-error.ts'

/** Types of messages; https://www.postgresql.org/docs/current/protocol-message-formats.html */
const message = { query: 0x51, sync: 0x53, flush: 0x48, readyForQuery: 0x5a }

/** What a server says when it is ready and no transaction is open. */
const idleStatus = 0x49

/** Told when a connection begins to have something to do, and when it has nothing more to do. */
export interface AnswerListeners {
  readonly onBusy: () => void
  /** @param isInTransaction - A transaction is open, whose next statement is yet to come. */
  readonly onIdle: (isInTransaction: boolean) => void
}

/**
 * Destroys the socket when a statement on it was not answered for so long. Statements before it in the same connection do
 * not count, nor does a transaction that stands idle.
 *
 * @param timeoutMs - How long an answer may take, in milliseconds; without one, as long as it likes.
 */
export function watchAnswers(socket: Socket, timeoutMs: number | undefined, { onBusy, onIdle }: AnswerListeners): void {
  let unanswered = 0
  let waitingSince = 0
  let timer: NodeJS.Timeout | undefined
  const wait = () => {
    if (timeoutMs === undefined) return
    waitingSince = performance.now()
    // One timer for many statements: to set one for each takes longer than to look at the clock. The process is held by
    // the socket, while something is unanswered.
    if (unanswered > 0 && !socket.destroyed) timer ??= setTimeout(look, timeoutMs).unref()
  }
  const look = () => {
    timer = undefined
    if (timeoutMs === undefined || unanswered === 0 || socket.destroyed) return
    const since = waitingSince
    const leftMs = since + timeoutMs - performance.now()
    if (leftMs > 0) timer = setTimeout(look, leftMs).unref()
    // When this process was busy for so long, the answer may be there already: it is read before this runs.
    else
      setImmediate(() => {
        if (unanswered > 0 && waitingSince === since) socket.destroy(driverError('RESPONSE_TIMEOUT'))
      })
  }

  const countAsked = createAskedCounter()
  const countReady = createReadyCounter()
  onWrite(socket, (chunk) => {
    const asked = countAsked(chunk)
    if (asked === undefined) return
    const isFirst = unanswered === 0
    unanswered += asked
    if (isFirst) onBusy()
    // A flush is the first half of a statement: the other half counts anew, others behind it do not.
    if (isFirst || asked === 0) wait()
  })
  socket.on('data', (chunk: Buffer) => {
    const { ready, isInTransaction } = countReady(chunk)
    if (ready === 0) return
    // The first one ends the login, which nobody asked for.
    unanswered = Math.max(0, unanswered - ready)
    if (unanswered === 0) onIdle(isInTransaction)
    wait()
  })
  socket.once('close', () => clearTimeout(timer))
}

/** Counts the statements that begin in a chunk; nothing when it has none of those messages. */
function createAskedCounter(): (chunk: Buffer) => number | undefined {
  let isHalf = false
  return (chunk) => {
    let asked: number | undefined
    // What a client sends comes in whole messages; those of the login have no type.
    for (let at = 0; at + 5 <= chunk.length && chunk[at] !== 0; at += 1 + chunk.readUInt32BE(at + 1)) {
      const type = chunk[at]
      if (type !== message.query && type !== message.sync && type !== message.flush) continue
      const endsHalf = isHalf && type === message.sync
      asked = (asked ?? 0) + (endsHalf ? 0 : 1)
      isHalf = type === message.flush
    }
    return asked
  }
}

/** What a chunk of a server's answers comes to. */
interface Answered {
  /** How many statements it answers in full. */
  readonly ready: number
  readonly isInTransaction: boolean
}

/** Counts how many statements a chunk answers in full; a message may be spread over several chunks. */
function createReadyCounter(): (chunk: Buffer) => Answered {
  let pending: Buffer = Buffer.alloc(0)
  let toSkip = 0
  let isInTransaction = false
  return (chunk) => {
    const bytes = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk
    let ready = 0
    let at = toSkip
    while (at + 5 <= bytes.length) {
      if (bytes[at] === message.readyForQuery) {
        // Its one byte tells of the transaction.
        if (at + 6 > bytes.length) break
        ready += 1
        isInTransaction = bytes[at + 5] !== idleStatus
      }
      at += 1 + bytes.readUInt32BE(at + 1)
    }
    toSkip = Math.max(0, at - bytes.length)
    pending = bytes.subarray(at)
    return { ready, isInTransaction }
  }
}

/** Tells of each chunk that is written. */
function onWrite(socket: Socket, tell: (chunk: Buffer) => void): void {
  const write = socket.write.bind(socket)
  Object.assign(socket, {
    write(chunk: Buffer, done?: (error?: Error | null) => void) {
      tell(chunk)
      return write(chunk, done)
    },
  })
}
