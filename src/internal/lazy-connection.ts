/** A connection that opens itself on first use, shares that opening, and knows when it is closed. */
import { isTypystDbError, TypystDbError } from '../errors.ts'
import { onceOrRetry } from './once-or-retry.ts'
import type { PoolStatus } from './pool-status.ts'
import type { SqlConnection } from './sql-connection.ts'

/** What an opening gives: the connection, whatever else the opener needs, and how to let go of it. */
export interface Opened {
  readonly connection: SqlConnection
  /** What became of an engine in this process: one that has failed is closed, and opened again. */
  readonly engine?: EngineState | undefined
  /**
   * The files of a database in memory as a tar archive, also of one whose engine has failed: with its log, Postgres makes of
   * them what was committed. Absent where a place keeps the files.
   */
  readonly remains?: (() => Promise<Blob>) | undefined
  readonly close: () => Promise<void>
  /** How busy it is, where it is a pool. */
  status?(): PoolStatus
}

/** Whether an engine still runs. */
export interface EngineState {
  readonly failure: TypystDbError | undefined
  /** Resolves when it fails. */
  readonly failed: Promise<void>
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
 * @param open - Opens once per attempt; must leave nothing behind when it rejects. It is given what was open before when
 *   the engine of that has failed; it is closed by then.
 */
export function createLazyConnection<TOpened extends Opened>(
  open: (failed: TOpened | undefined) => Promise<TOpened>,
): LazyConnection<TOpened> {
  let hasClosed = false
  let attempt: Promise<TOpened> | undefined
  // Kept beside its promise: every query asks for it, and to wait for a promise takes a turn each time.
  let ready: TOpened | undefined
  /** What was open when its engine failed, until something is open in its place. */
  let failed: TOpened | undefined
  const start = async (): Promise<TOpened> => {
    // What it still has to store must not be lost, nor written by two.
    await failed?.close()
    const current = await open(failed)
    failed = undefined
    ready = current
    void current.engine?.failed.then(() => {
      if (!hasClosed) openShared().catch(() => undefined)
    })
    return current
  }
  const openShared = (): Promise<TOpened> => {
    if (ready?.engine?.failure) {
      failed = ready
      ready = undefined
      attempt = undefined
    }
    if (attempt) return attempt
    const started = start()
    attempt = started
    started.catch(() => {
      if (attempt === started) attempt = undefined
    })
    return started
  }
  const closeOnce = onceOrRetry(async () => {
    const current = await attempt?.catch(() => undefined)
    await (current ?? failed)?.close()
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
    const current = ready && !ready.engine?.failure ? ready : await opened()
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
