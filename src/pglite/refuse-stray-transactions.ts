/** Rolls back a transaction that a statement has begun by itself: PGlite is one session, so later ones would end up in it. */
import type { PGlite, protocol } from '@electric-sql/pglite'
import { TypystDbError } from '../errors.ts'
import type { EngineWatch } from './watch-engine.ts'

/**
 * Makes a client roll back what `query`, `exec` or `runExclusive` leave open, before anything else runs: without that,
 * each later statement is acknowledged and never committed. A transaction that ends where it began stays what it was.
 */
export function refuseStrayTransactions(
  client: PGlite,
  { serialize }: Pick<typeof protocol, 'serialize'>,
  engine: Pick<EngineWatch, 'failure'>,
): void {
  let isInTransaction = false
  const rollBack = () => client.execProtocolStream(serialize.query('rollback'), { syncToFs: false })

  /** Runs `work`, and then rolls back unless it ended in no transaction. */
  const leavingNone = async <T>(work: () => Promise<T>, end: () => Promise<unknown>): Promise<T> => {
    const isStray = () => !engine.failure && !isInTransaction && client.isInTransaction()
    let result: T
    try {
      result = await work()
    } catch (cause) {
      if (isStray()) await end()
      throw cause
    }
    if (!isStray()) return result
    await end()
    throw strayTransaction()
  }

  const transaction = client.transaction.bind(client)
  client.transaction = (run) =>
    transaction(async (tx) => {
      isInTransaction = true
      try {
        return await run(tx)
      } finally {
        isInTransaction = false
      }
    })
  const runExclusiveTransaction = client._runExclusiveTransaction.bind(client)
  client._runExclusiveTransaction = (work) =>
    runExclusiveTransaction(() => leavingNone(work, () => client._runExclusiveQuery(rollBack)))
  const runExclusive = client.runExclusive.bind(client)
  client.runExclusive = (work) => runExclusive(() => leavingNone(work, rollBack))
}

/** What a statement fails with that would leave a transaction open. */
export function strayTransaction(): TypystDbError {
  return new TypystDbError(
    'TRANSACTION_ABORTED',
    'A statement began a transaction and left it open, so it was rolled back: everything shares one session, and what came later would never be committed. Use `transaction()`.',
  )
}
