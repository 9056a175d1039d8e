/**
 * The socket of one session, as postgres.js gets it. It ends whatever cannot be trusted any more, and holds everything that
 * ends a connection back until its socket closes, to tell postgres.js once: what that sends in between, such as the second
 * attempt of whoever saw the error, it never answers. When a server says why it ends a session, it fails the next session's
 * first query with that; and when a server hangs up during the login without a word, it connects again for ever.
 */
import type { Socket } from 'node:net'
import { createConversation } from './conversation.ts'
import { driverError, rememberEnding } from './driver-error.ts'
import { limitLife } from './socket-life.ts'
import type { SocketLifeOptions } from './socket-life.ts'
import { watchAnswers } from './watch-answers.ts'
import type { AnswerPatience } from './watch-answers.ts'

/** How long a session may take, and how long it lives. */
export type SessionOptions = SocketLifeOptions & AnswerPatience

/** Changes what the socket tells and takes; gives it back. */
export function toSessionSocket(socket: Socket, options: SessionOptions): Socket {
  const emit = socket.emit.bind(socket)
  const write = socket.write.bind(socket)
  const conversation = createConversation()
  const watch = watchAnswers(socket, conversation, options, limitLife(socket, options))
  let errors: unknown[] = []
  const giveUp = (fault: Error) => {
    errors.push(fault)
    socket.destroy()
  }
  return Object.assign(socket, {
    write(chunk: Buffer, done?: (error?: Error | null) => void): boolean {
      const before = conversation.waiting()
      const fault = conversation.sent(chunk)
      if (fault) {
        giveUp(fault)
        return false
      }
      watch.sent(before)
      return write(chunk, done)
    },
    emit(event: string | symbol, ...values: unknown[]): boolean {
      if (event === 'error') {
        errors.push(...values)
        return true
      }
      if (event === 'data' && values[0] instanceof Buffer) {
        // What comes after a fault is not for anybody.
        if (socket.destroyed) return true
        const { rest, fault, ready } = conversation.received(values[0])
        if (rest.length > 0) emit(event, rest)
        if (fault) giveUp(fault)
        else if (ready > 0) watch.answered()
        return true
      }
      if (event === 'close') {
        if (!conversation.isLoggedIn()) errors.push(driverError('ECONNRESET'))
        const [first] = errors
        errors = []
        if (first === undefined) return emit(event, ...values)
        rememberEnding(first)
        emit('error', first)
        return emit(event, true)
      }
      return emit(event, ...values)
    },
  })
}
