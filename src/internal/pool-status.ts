/** How busy a pool of connections is; that of an engine which is one connection is counted at the port. */
import type { SqlConnection } from './sql-connection.ts'

/** How busy a pool is at this moment. */
export interface PoolStatus {
  /** Connections in use, by a query or for the length of a transaction. */
  readonly busy: number
  /** Calls that wait for a connection. */
  readonly waiting: number
  /** How many connections there can be. */
  readonly max: number
  /** Connections of those in use that a transaction has for itself. */
  readonly transactions: number
  /** Calls that got no connection in time and failed with `POOL_TIMEOUT`, since the pool was opened. */
  readonly timedOut: number
}

/** A pool that nothing runs on. */
export function idlePool(max: number): PoolStatus {
  return { busy: 0, waiting: 0, max, transactions: 0, timedOut: 0 }
}

/** A connection whose use is counted. */
export interface CountedConnection {
  readonly connection: SqlConnection
  status(): PoolStatus
}

/** Counts what is under way on a connection that is the only one. */
export function countConnection(connection: SqlConnection): CountedConnection {
  let underWay = 0
  let transactions = 0
  const counted = async <T>(run: () => Promise<T>): Promise<T> => {
    underWay += 1
    try {
      return await run()
    } finally {
      underWay -= 1
    }
  }
  return {
    connection: {
      query: (text, params) => counted(() => connection.query(text, params)),
      queryArrays: (text, params) => counted(() => connection.queryArrays(text, params)),
      exec: (text) => counted(() => connection.exec(text)),
      transaction: (run, options) =>
        counted(() =>
          connection.transaction(async (tx) => {
            transactions += 1
            try {
              return await run(tx)
            } finally {
              transactions -= 1
            }
          }, options),
        ),
    },
    status: () => ({ ...idlePool(1), busy: Math.min(underWay, 1), waiting: Math.max(0, underWay - 1), transactions }),
  }
}
