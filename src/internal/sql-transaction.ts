/** What transactions have in common on every driver: their modes in SQL, and savepoints within them. */
import type { SqlConnection, SqlExecutor, SqlTransactionOptions } from './sql-connection.ts'

/** The modes to write after `begin` or `set transaction`; empty for the database's defaults. */
export function transactionModes({ isolationLevel, accessMode, deferrable }: SqlTransactionOptions = {}): string {
  return [
    isolationLevel && `isolation level ${isolationLevel}`,
    accessMode,
    deferrable === undefined ? undefined : deferrable ? 'deferrable' : 'not deferrable',
  ]
    .filter((mode) => mode !== undefined)
    .join(' ')
}

/**
 * How a savepoint begins and ends. One name does for all depths: each is released before its parent continues, so the
 * innermost is always ours.
 */
export const savepoint = {
  begin: 'savepoint typyst',
  release: 'release savepoint typyst',
  rollBack: 'rollback to savepoint typyst; release savepoint typyst',
} as const

/** A connection inside a transaction: a transaction on it is a savepoint, undone alone when it fails. */
export function withSavepoints(session: SqlExecutor): SqlConnection {
  return {
    query: (text, params) => session.query(text, params),
    queryArrays: (text, params) => session.queryArrays(text, params),
    exec: (text) => session.exec(text),
    async transaction(run) {
      await session.exec(savepoint.begin)
      try {
        const result = await run(session)
        await session.exec(savepoint.release)
        return result
      } catch (cause) {
        // When this fails too, the connection is gone and the first failure says why.
        await session.exec(savepoint.rollBack).catch(() => undefined)
        throw cause
      }
    },
  }
}
