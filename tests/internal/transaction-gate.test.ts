/** The gate before a connection that is one session, on a real PGlite. */
import { describe, expect, it, vi } from 'vitest'
import { createTransactionGate, gateTransactions } from '../../src/internal/transaction-gate.ts'
import { createDrizzle } from '../../src/drizzle/create-drizzle.ts'
import { openMemory } from '../support/open-memory.ts'
import type { SqlConnection } from '../../src/internal/sql-connection.ts'

/** Where a query is to be refused, soon; where it is not, later than any machine is slow. */
const [soonMs, lateMs] = [50, 600_000]

async function withGate(timeoutMs: number, run: (connection: SqlConnection) => Promise<void>): Promise<void> {
  await using opened = await openMemory()
  const connection = gateTransactions(opened.connection, createTransactionGate(timeoutMs))
  await connection.exec('create table note (id int primary key)')
  await run(connection)
}

/** A promise and how to settle it from outside. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => undefined as void
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

const count = async (connection: Pick<SqlConnection, 'query'>) =>
  (await connection.query('select count(*)::int as rows from note')).rows[0]?.['rows']
const add = (connection: Pick<SqlConnection, 'query'>, id: number) =>
  connection.query('insert into note values ($1)', [id])

describe('a query on the database inside of a transaction', () => {
  it('is refused instead of waiting for ever, and the transaction is rolled back', () =>
    withGate(soonMs, async (connection) => {
      const attempt = connection.transaction(async (tx) => {
        await add(tx, 1)
        await add(connection, 2)
      })
      await expect(attempt).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
      expect(await count(connection)).toBe(0)
    }))

  it('never reaches the database, also when its error is caught', () =>
    withGate(soonMs, async (connection) => {
      await connection.transaction(async (tx) => {
        await add(tx, 1)
        await expect(add(connection, 2)).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
        await expect(connection.exec('insert into note values (3)')).rejects.toMatchObject({
          code: 'TRANSACTION_BLOCKED',
        })
        await expect(connection.transaction((inner) => add(inner, 4))).rejects.toMatchObject({
          code: 'TRANSACTION_BLOCKED',
        })
      })
      expect((await connection.query('select id from note')).rows).toEqual([{ id: 1 }])
    }))

  it('is refused in a savepoint too', () =>
    withGate(soonMs, async (connection) => {
      const db = createDrizzle(connection, {})
      const attempt = db.transaction((tx) => tx.transaction(() => db.execute('insert into note values (1)')))
      await expect(attempt).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
    }))
})

describe('a query from elsewhere', () => {
  it('waits as long as the transaction works, however long that takes', () =>
    withGate(lateMs, async (connection) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      try {
        const begun = deferred()
        const transaction = connection.transaction(async (tx) => {
          begun.resolve()
          for (let id = 0; id < 4; id += 1) {
            const statement = add(tx, id)
            vi.advanceTimersByTime(lateMs * 2)
            await statement
            vi.advanceTimersByTime(lateMs - 1)
          }
        })
        await begun.promise
        const waiting = [count(connection), connection.transaction((tx) => add(tx, 10)), count(connection)]
        await transaction
        expect(await Promise.all(waiting)).toMatchObject([4, { rowCount: 1 }, 5])
      } finally {
        vi.useRealTimers()
      }
    }))

  it('waits while the callback waits for something else that does not take long', () =>
    withGate(lateMs, async (connection) => {
      const slow = deferred()
      const begun = deferred()
      const transaction = connection.transaction(async (tx) => {
        await add(tx, 1)
        begun.resolve()
        await slow.promise
        await add(tx, 2)
      })
      await begun.promise
      const waiting = count(connection)
      slow.resolve()
      await transaction
      expect(await waiting).toBe(2)
    }))

  it('is refused alone when the callback does not go on in time; the transaction can', () =>
    withGate(soonMs, async (connection) => {
      const slow = deferred()
      const begun = deferred()
      const transaction = connection.transaction(async (tx) => {
        begun.resolve()
        await slow.promise
        await add(tx, 1)
      })
      await begun.promise
      await expect(add(connection, 2)).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
      slow.resolve()
      await transaction
      expect(await count(connection)).toBe(1)
    }))

  it('is not refused for a transaction that stood still before it came', () =>
    withGate(lateMs, async (connection) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      try {
        const slow = deferred()
        const begun = deferred()
        const transaction = connection.transaction(async () => {
          begun.resolve()
          await slow.promise
        })
        await begun.promise
        vi.advanceTimersByTime(lateMs * 10)
        const waiting = count(connection)
        vi.advanceTimersByTime(lateMs - 1)
        slow.resolve()
        await transaction
        expect(await waiting).toBe(0)
        expect(vi.getTimerCount()).toBe(0)
      } finally {
        vi.useRealTimers()
      }
    }))

  it('runs after a transaction that failed', () =>
    withGate(lateMs, async (connection) => {
      const attempt = connection.transaction(async (tx) => {
        await add(tx, 1)
        throw new Error('undo')
      })
      const waiting = [count(connection), add(connection, 1)]
      await expect(attempt).rejects.toThrow('undo')
      expect(await Promise.all(waiting)).toMatchObject([0, { rowCount: 1 }])
    }))

  it('keeps the order among those who wait', () =>
    withGate(lateMs, async (connection) => {
      const order: number[] = []
      const note = (id: number) => () => order.push(id)
      await Promise.all([
        connection.transaction((tx) => add(tx, 0).then(note(0))),
        add(connection, 1).then(note(1)),
        connection.transaction((tx) => add(tx, 2).then(note(2))),
        add(connection, 3).then(note(3)),
        connection.transaction((tx) => add(tx, 4).then(note(4))),
      ])
      expect(order).toEqual([0, 1, 2, 3, 4])
    }))
})
