/** Asks again what the end of a connection has left without an answer. */
import { isTypystDbError } from '../errors.ts'
import { backOffMs } from '../internal/back-off.ts'

/**
 * For how long a read is asked again, in milliseconds: Postgres takes a second or two to restart, and whoever waits for a
 * page five seconds at most.
 */
const againForMs = 5000

const longestPauseMs = 250

/** The server shuts down, has crashed, starts up, or ended the session; https://www.postgresql.org/docs/current/errcodes-appendix.html */
const passingStates = new Set(['57P01', '57P02', '57P03', '57P05'])

/** The connection broke, or nobody listens there just now. */
const passingCodes = new Set([
  ...['CONNECTION_CLOSED', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'],
  ...['ANSWER_OUT_OF_ORDER', 'SESSION_NOT_IDLE', 'SESSION_IN_COPY'],
])

/**
 * Runs a read, and again for a while when its connection ended or the server is not there. A name that cannot be resolved, a
 * certificate or a password that is wrong do not pass by themselves, and a server that is too slow has been waited for
 * already: those fail at once.
 */
export async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  const until = performance.now() + againForMs
  for (let number = 1; ; number += 1) {
    try {
      return await read()
    } catch (cause) {
      const pauseMs = backOffMs(number, longestPauseMs)
      if (!isPassing(cause) || performance.now() + pauseMs > until) throw cause
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

function isPassing(error: unknown): boolean {
  if (!isTypystDbError(error) || error.code !== 'CONNECTION_FAILED') return false
  // Of a driver's error only its code is kept, as the message.
  return (
    passingStates.has(error.sqlState ?? '') || (error.cause instanceof Error && passingCodes.has(error.cause.message))
  )
}
