/** How busy a pool of connections is, counted at the port: the driver does not tell. */
import type { SqlConnection } from './sql-connection.ts'

/** How busy a pool is at this moment. */
export interface PoolStatus {
  /** Connections in use, by a query or for the length of a transaction. */
  readonly busy: number
  /** Calls that wait for a connection. */
  readonly waiting: number
  /** How many connections there can be. */
  readonly max: number
}

/** A connection whose use is counted. */
export interface CountedConnection {
  readonly connection: SqlConnection
  status(): PoolStatus
}

/** Counts what is under way on a connection, whose pool has `max` of them. */
export function countConnections(connection: SqlConnection, max: number): CountedConnection {
  let underWay = 0
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
      transaction: (run, options) => counted(() => connection.transaction(run, options)),
    },
    status: () => ({ busy: Math.min(underWay, max), waiting: Math.max(0, underWay - max), max }),
  }
}
