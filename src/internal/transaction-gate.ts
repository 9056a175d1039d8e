/** Lets one transaction at a time onto a connection that is one session, and refuses who would wait for it for ever. */
import { TypystDbError } from '../errors.ts'
import type { SqlConnection, SqlExecutor } from './sql-connection.ts'

/** A call that waits for the open transaction to end. */
interface Waiter {
  start(): void
  refuse(error: TypystDbError): void
  timer?: ReturnType<typeof setTimeout>
}

/** Runs one statement of a transaction, and notes that there is one under way. */
export type WatchStatement = <T>(statement: () => Promise<T>) => Promise<T>

/** Runs the callback of a transaction that has begun. */
export type RunInside<T> = (run: (watch: WatchStatement) => Promise<T>) => Promise<T>

/** The gate before a connection that is one session, for everything that sends statements to it. */
export interface TransactionGate {
  /** Runs a call, at once when no transaction is open, otherwise in its turn. */
  readonly pass: <T>(call: () => Promise<T>) => Promise<T>
  /**
   * Runs a transaction in its turn.
   *
   * @param begin - Begins it, and runs `inside` with its callback once it has begun.
   */
  readonly hold: <T>(begin: (inside: RunInside<T>) => Promise<T>) => Promise<T>
  /** Refuses everything that waits; it has not reached the database. */
  readonly refuseWaiting: (error: () => TypystDbError) => void
}

/**
 * Makes a gate before a connection that is one session, as PGlite is. A statement on it waits while a transaction is open,
 * so one that the transaction's own callback waits for would wait for ever
 * (https://github.com/electric-sql/pglite/issues/76). From outside nobody can tell whose statement it is. What can be told
 * is that the transaction stands still, with no statement of its own under way, while another one waits: when that has
 * lasted for `idleTimeoutMs` without a break, the waiting one is refused. It has not reached the database by then.
 *
 * @param idleTimeoutMs - How long a statement waits for a transaction that stands still, in milliseconds.
 * @param toError - What a statement is refused with that has waited for so long.
 */
export function createTransactionGate(
  idleTimeoutMs: number,
  toError: (idleTimeoutMs: number) => TypystDbError = blockedError,
): TransactionGate {
  const waiters = new Set<Waiter>()
  let isHeld = false
  let isIdle = false

  const arm = (waiter: Waiter) => {
    waiter.timer = setTimeout(() => waiter.refuse(toError(idleTimeoutMs)), idleTimeoutMs)
  }
  const setIdle = (idle: boolean) => {
    isIdle = idle
    for (const waiter of waiters) {
      clearTimeout(waiter.timer)
      if (idle) arm(waiter)
    }
  }
  const pass = <T>(call: () => Promise<T>): Promise<T> => {
    if (!isHeld) return call()
    return new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        start() {
          clearTimeout(waiter.timer)
          resolve(call())
        },
        refuse(error) {
          clearTimeout(waiter.timer)
          waiters.delete(waiter)
          reject(error)
        },
      }
      waiters.add(waiter)
      if (isIdle) arm(waiter)
    })
  }
  const release = () => {
    isHeld = false
    for (const waiter of waiters) {
      waiters.delete(waiter)
      waiter.start()
      // It was a transaction, and the others wait for it now. `start` may have changed this.
      if (isHeld as boolean) return
    }
  }
  const hold: TransactionGate['hold'] = async (begin) => {
    isHeld = true
    try {
      return await begin(async (run) => {
        setIdle(true)
        try {
          return await run(createWatch(setIdle))
        } finally {
          // To commit or to roll back is nothing that could wait for a statement from outside.
          setIdle(false)
        }
      })
    } finally {
      release()
    }
  }
  return {
    pass,
    hold: (begin) => pass(() => hold(begin)),
    refuseWaiting(error) {
      for (const waiter of waiters) waiter.refuse(error())
    },
  }
}

/** Puts a gate before a connection. */
export function gateTransactions(connection: SqlConnection, { pass, hold }: TransactionGate): SqlConnection {
  return {
    query: (text, params) => pass(() => connection.query(text, params)),
    queryArrays: (text, params) => pass(() => connection.queryArrays(text, params)),
    exec: (text) => pass(() => connection.exec(text)),
    transaction: (run, options) =>
      hold((inside) => connection.transaction((tx) => inside((watch) => run(watchStatements(tx, watch))), options)),
  }
}

/** Tells when the last statement under way has ended, and when the first one begins. */
function createWatch(setIdle: (idle: boolean) => void): WatchStatement {
  let underWay = 0
  return async (statement) => {
    underWay += 1
    if (underWay === 1) setIdle(false)
    try {
      return await statement()
    } finally {
      underWay -= 1
      if (underWay === 0) setIdle(true)
    }
  }
}

/** An executor each of whose statements is watched. */
export function watchStatements(tx: SqlExecutor, watch: WatchStatement): SqlExecutor {
  return {
    query: (text, params) => watch(() => tx.query(text, params)),
    queryArrays: (text, params) => watch(() => tx.queryArrays(text, params)),
    exec: (text) => watch(() => tx.exec(text)),
  }
}

function blockedError(idleTimeoutMs: number): TypystDbError {
  return new TypystDbError(
    'TRANSACTION_BLOCKED',
    `The query has waited ${idleTimeoutMs} ms for a transaction that does nothing, and was not run. Inside a transaction use its \`tx\`, or pass \`{ tx }\`, and inside \`runExclusive\` the functions of the protocol; the database itself would wait for ever there. Elsewhere, try again.`,
  )
}
