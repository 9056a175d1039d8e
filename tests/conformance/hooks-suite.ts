/** What the hooks are told, the same on both sides and on every kind of connection. */
import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { createDrizzle } from '../../src/drizzle/create-drizzle.ts'
import { observeConnection } from '../../src/internal/observe-connection.ts'
import type { QueryEvent, QueryHooks, SlowQueryEvent } from '../../src/internal/query-hooks.ts'
import { leakIn, secret } from '../support/leaks.ts'
import type { OpenEmpty } from '../support/opened-connection.ts'

/** Runs the suite on an empty database. */
export function testHooks(openEmpty: OpenEmpty): void {
  const open = async (hooks: QueryHooks) => {
    const opened = await openEmpty()
    await opened.connection.exec('create table lamp (id int primary key, note text)')
    return {
      db: createDrizzle(observeConnection(opened.connection, hooks), {}),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    }
  }
  const insert = (id: number) => sql`insert into lamp values (${id}, ${secret})`

  describe('the hooks', () => {
    it('are told what ran, how long, with how many rows and why it failed, and no value', async () => {
      const events: QueryEvent[] = []
      await using database = await open({ onQuery: (event) => events.push(event) })
      await database.db.execute(insert(1))
      await database.db.execute(sql`select * from lamp where note = ${secret}`)
      await database.db.execute(insert(1)).catch(() => undefined)
      await database.db.execute(sql`select ${secret} from nowhere`).catch(() => undefined)
      expect(events.map(({ durationMs: _, ...event }) => event)).toEqual([
        { operation: 'insert', table: 'lamp', rowCount: 1, errorCode: undefined },
        { operation: 'select', table: 'lamp', rowCount: 1, errorCode: undefined },
        { operation: 'insert', table: 'lamp', rowCount: undefined, errorCode: 'UNIQUE_VIOLATION' },
        { operation: 'select', table: 'nowhere', rowCount: undefined, errorCode: 'SCHEMA_MISMATCH' },
      ])
      for (const { durationMs } of events) expect(durationMs).toBeGreaterThan(0)
      expect(leakIn(JSON.stringify(events))).toBeUndefined()
    })

    it('are told of transactions, and of who rolled them back', async () => {
      const events: QueryEvent[] = []
      await using database = await open({ onQuery: (event) => events.push(event) })
      await database.db.transaction((tx) => tx.execute(insert(1)))
      await database.db.transaction((tx) => tx.execute(insert(1))).catch(() => undefined)
      const own = new Error('of the caller')
      await expect(database.db.transaction(() => Promise.reject(own))).rejects.toBe(own)
      expect(events.map(({ operation, errorCode }) => [operation, errorCode])).toEqual([
        ['insert', undefined],
        ['transaction', undefined],
        ['insert', 'UNIQUE_VIOLATION'],
        ['transaction', 'UNIQUE_VIOLATION'],
        ['transaction', 'TRANSACTION_ABORTED'],
      ])
    })

    it('log a line for each change that was committed, and none for one that was undone', async () => {
      const lines: unknown[] = []
      const logger = {
        info: (fields: object, message: string) => lines.push([message, fields]),
        warn: (fields: object, message: string) => lines.push([message, fields]),
      }
      await using database = await open({ logger })
      await database.db.execute(insert(1))
      await database.db.execute(sql`update lamp set note = null where id = 5`)
      await database.db.transaction(async (tx) => {
        await tx.execute(insert(2))
        await tx.transaction((inner) => inner.execute(insert(3)))
        await tx
          .transaction(async (inner) => {
            await inner.execute(insert(4))
            throw new Error('undone')
          })
          .catch(() => undefined)
        expect(lines).toHaveLength(1)
      })
      const undone = database.db.transaction(async (tx) => {
        await tx.execute(sql`delete from lamp`)
        throw new Error('undone')
      })
      await expect(undone).rejects.toThrow('undone')
      const change = ['change', { operation: 'insert', table: 'lamp', rowCount: 1 }]
      const failure = ['query failed', expect.objectContaining({ operation: 'transaction' })]
      expect(lines).toEqual([change, change, change, failure])
    })

    it('show a slow statement without its values', async () => {
      const slow: SlowQueryEvent[] = []
      await using database = await open({ slowQueryMs: 50, onSlowQuery: (event) => slow.push(event) })
      await database.db.execute(sql`select 1`)
      await database.db.execute(
        sql`select count(*), ${secret}::text, ${sql.raw(`'${secret}'`)} from generate_series(1, 1500000)`,
      )
      expect(slow.at(-1)?.statement).toBe('select count(*), $1::text, ? from generate_series(?, ?)')
      expect(leakIn(JSON.stringify(slow))).toBeUndefined()
    })

    it('cost nothing when there are none: the connection is used as it is', async () => {
      await using opened = await openEmpty()
      expect(observeConnection(opened.connection, { slowQueryMs: 1 })).toBe(opened.connection)
    })

    it('may fail without harm to the query', async () => {
      const fail = () => {
        throw new Error('of the hook')
      }
      await using database = await open({
        onQuery: fail,
        onSlowQuery: fail,
        slowQueryMs: 1,
        logger: { info: fail, warn: fail },
      })
      await database.db.execute(insert(1))
      expect((await database.db.execute(sql`select id from lamp`)).rows).toEqual([{ id: 1 }])
    })
  })
}
