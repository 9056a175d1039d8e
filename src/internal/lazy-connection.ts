/** A connection that opens itself on first use, shares that opening, and knows when it is closed. */
import { isTypystDbError, TypystDbError } from '../errors.ts'
import { onceOrRetry } from './once-or-retry.ts'
import type { PoolStatus } from './pool-status.ts'
import type { SqlConnection } from './sql-connection.ts'

/** What an opening gives: the connection, whatever else the opener needs, and how to let go of it. */
export interface Opened {
  readonly connection: SqlConnection
  close(): Promise<void>
  /** How busy it is, where it is a pool. */
  status?(): PoolStatus
}

/** A connection port that opens on first use. */
export interface LazyConnection<TOpened extends Opened> extends SqlConnection {
  /**
   * Opens, or waits for the opening that is under way. After a failed attempt the next call tries again.
   *
   * @throws TypystDbError `CLOSED` after `close()`, or what opening threw.
   */
  opened(): Promise<TOpened>
  /** What is open; nothing before the first use. */
  current(): TOpened | undefined
  /** Whether `close()` was called. */
  isClosed(): boolean
  /** Waits for an opening under way, then lets go. Calling it again does nothing more. */
  close(): Promise<void>
  /** Runs a call on what was opened; when closing cut it short, the error says so. */
  use<T>(call: (opened: TOpened) => Promise<T>): Promise<T>
}

/**
 * Wraps an opening.
 *
 * @param open - Opens once per attempt; must leave nothing behind when it rejects.
 */
export function createLazyConnection<TOpened extends Opened>(open: () => Promise<TOpened>): LazyConnection<TOpened> {
  let hasClosed = false
  let attempt: Promise<TOpened> | undefined
  // Kept beside its promise: every query asks for it, and to wait for a promise takes a turn each time.
  let ready: TOpened | undefined
  const openShared = onceOrRetry(async () => (ready = await (attempt = open())))
  const closeOnce = onceOrRetry(async () => {
    const current = await attempt?.catch(() => undefined)
    await current?.close()
  })

  const refuseIfClosed = () => {
    if (hasClosed) throw closedError()
  }
  const opened = async () => {
    refuseIfClosed()
    const current = await openShared()
    // `close()` may have been called while it opened.
    refuseIfClosed()
    return current
  }
  const use: LazyConnection<TOpened>['use'] = async (call) => {
    refuseIfClosed()
    const current = ready ?? (await opened())
    try {
      return await call(current)
    } catch (cause) {
      if (hasClosed && isTypystDbError(cause) && cause.code === 'QUERY_FAILED') throw closedError(cause)
      throw cause
    }
  }

  return {
    opened,
    current: () => ready,
    use,
    isClosed: () => hasClosed,
    query: (text, params) => use(({ connection }) => connection.query(text, params)),
    queryArrays: (text, params) => use(({ connection }) => connection.queryArrays(text, params)),
    exec: (text) => use(({ connection }) => connection.exec(text)),
    transaction: (run, options) => use(({ connection }) => connection.transaction(run, options)),
    close() {
      hasClosed = true
      return closeOnce()
    },
  }
}

function closedError(cause?: unknown): TypystDbError {
  return new TypystDbError('CLOSED', 'The database was closed. Create a new one to go on.', { cause })
}
