/**
 * How long a connection lives, and that it holds no process: a connection with nothing to do keeps nothing from ending, one
 * with a statement under way does. postgres.js closes connections that are idle or old as well, with timers that hold the
 * process for as long as they run, up to an hour (https://github.com/porsager/postgres/blob/v3.4.9/src/connection.js#L1042).
 */
import type { Socket } from 'node:net'
import type { AnswerListeners } from './watch-answers.ts'

/** When to close a connection. */
export interface SocketLifeOptions {
  /** After how long without a statement, in milliseconds; without one, never for that reason. */
  readonly idleTimeoutMs: number | undefined
  /** How old a connection becomes, in milliseconds; without one, as old as it likes. */
  readonly lifetimeMs: number | undefined
}

/** What a client sends before it goes; https://www.postgresql.org/docs/current/protocol-message-formats.html */
const terminate = Buffer.from([0x58, 0, 0, 0, 4])

/** How long a server may take to hang up after that, in milliseconds. */
const hangsUpWithinMs = 5000

/** Half an hour to an hour, as postgres.js has it: connections that were made together do not end together. */
export function randomLifetimeMs(): number {
  return (30 + Math.random() * 30) * 60_000
}

/** Watches a connected socket; gives back what has to be told about it. */
export function limitLife(socket: Socket, { idleTimeoutMs, lifetimeMs }: SocketLifeOptions): AnswerListeners {
  /** When it became idle outside of a transaction, by `performance.now()`. */
  let idleSince: number | undefined
  let isOld = false
  let idleTimer: NodeJS.Timeout | undefined

  const isIdle = () => idleSince !== undefined && !socket.destroyed
  const retire = () => {
    if (!isIdle()) return
    idleSince = undefined
    clearTimeout(idleTimer)
    clearTimeout(lifeTimer)
    // The pool is told first, in the same moment, so that no statement is sent here any more.
    socket.emit('close', false)
    socket.resume()
    socket.end(terminate)
    socket.unref()
    setTimeout(() => socket.destroy(), hangsUpWithinMs).unref()
  }
  const lookWhetherIdle = () => {
    idleTimer = undefined
    if (idleTimeoutMs === undefined || idleSince === undefined) return
    const leftMs = idleSince + idleTimeoutMs - performance.now()
    if (leftMs > 0) idleTimer = setTimeout(lookWhetherIdle, leftMs).unref()
    else retire()
  }
  const lifeTimer =
    lifetimeMs === undefined
      ? undefined
      : setTimeout(() => {
          isOld = true
          retire()
        }, lifetimeMs).unref()

  socket.once('close', () => {
    idleSince = undefined
    clearTimeout(idleTimer)
    clearTimeout(lifeTimer)
  })
  return {
    onBusy() {
      idleSince = undefined
      socket.ref()
    },
    onIdle(isInTransaction) {
      socket.unref()
      if (isInTransaction) return
      idleSince = performance.now()
      // Not before postgres.js has read the same answer, and has sent what waits.
      if (isOld) setImmediate(retire)
      // One timer for many statements: when it rings, it looks at the clock.
      else if (idleTimeoutMs !== undefined) idleTimer ??= setTimeout(lookWhetherIdle, idleTimeoutMs).unref()
    },
  }
}
