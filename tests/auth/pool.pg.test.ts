/** Waiting for a connection: in turn, for so long and no longer, and never for what waits itself. */
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase, AuthDatabaseOptions } from '../../src/auth/index.ts'
import { createDeferred } from '../../src/internal/deferred.ts'
import { failureOf } from '../support/leaks.ts'
import { startMessageProxy } from '../support/message-proxy.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let admin: postgres.Sql
beforeAll(async () => {
  database = await createTestDatabase()
  admin = postgres(database.url, { max: 1, onnotice: () => undefined })
  await using authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

function open(options: AuthDatabaseOptions = {}): AuthDatabase {
  const authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 2, ...options })
  onTestFinished(() => authDb.close())
  return authDb
}

const timedOut = { code: 'POOL_TIMEOUT' }

/** Holds a connection in a transaction until it is told to end. */
async function holdConnection(authDb: AuthDatabase): Promise<{ end(): Promise<void> }> {
  const hasBegun = createDeferred<undefined>()
  const mayEnd = createDeferred<undefined>()
  const held = authDb.db.transaction(async (tx) => {
    await tx.execute('select 1')
    hasBegun.resolve(undefined)
    await mayEnd.promise
  })
  await Promise.race([hasBegun.promise, held])
  return {
    async end() {
      mayEnd.resolve(undefined)
      await held
    },
  }
}

describe('transactions that use the database itself', () => {
  it.for([1, 2, 5])('fail instead of waiting for each other on %i connections', async (maxConnections) => {
    const authDb = open({ maxConnections, acquireTimeoutMs: 150 })
    const { db, schema } = authDb
    const allHold = createDeferred<undefined>()
    let holding = 0
    const hook = (id: string) =>
      db.transaction(async (tx) => {
        await tx.insert(schema.user).values({ id, name: 'Ada', email: `${id}@example.com` })
        holding += 1
        if (holding === maxConnections) allHold.resolve(undefined)
        await allHold.promise
        await db.select().from(schema.user)
      })
    const settled = await Promise.allSettled(
      Array.from({ length: maxConnections }, (_, index) => hook(`${maxConnections}-${index}`)),
    )
    // The first one to fail makes room, so that the last one may have its way.
    const failures = settled.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown)
    expect(failures.length).toBeGreaterThan(0)
    for (const failure of failures) expect(failure).toMatchObject(timedOut)
    expect(authDb.poolStatus()).toMatchObject({ busy: 0, waiting: 0, transactions: 0, timedOut: failures.length })
    expect(await db.$count(schema.user)).toBe(maxConnections - failures.length)
    await db.delete(schema.user)
  })

  it('fail also where they begin a transaction, use the services, raw SQL or the adapter', async () => {
    const authDb = open({ maxConnections: 1, acquireTimeoutMs: 50 })
    const inside: readonly (() => Promise<unknown>)[] = [
      () => authDb.db.transaction((tx) => tx.execute('select 1')),
      () => authDb.sql`select 1`,
      () => authDb.users.list(),
      () => authDb.adapter({}).findOne({ model: 'session', where: [{ field: 'token', value: 'none' }] }),
      () => authDb.ready(),
    ]
    for (const use of inside) expect(await failureOf(() => authDb.transaction(use))).toMatchObject(timedOut)
    await authDb.ready()
  })
})

describe('the queue', () => {
  it('serves calls in the order in which they came, statements and transactions alike', async () => {
    const authDb = open({ maxConnections: 1 })
    const held = await holdConnection(authDb)
    const order: number[] = []
    const calls = Array.from({ length: 12 }, async (_, index) => {
      const note = (rows: unknown) => {
        order.push(index)
        return rows
      }
      await (index % 3 === 1
        ? authDb.db.transaction(async (tx) => note(await tx.execute('select 1')))
        : authDb.sql`select ${index}::int as index`.then(note))
    })
    expect(authDb.poolStatus()).toMatchObject({ busy: 1, waiting: 12, transactions: 1 })
    await held.end()
    await Promise.all(calls)
    expect(order).toEqual(order.toSorted((one, other) => one - other))
    expect(authDb.poolStatus()).toEqual({ busy: 0, waiting: 0, max: 1, transactions: 0, timedOut: 0 })
  })

  it('lets a transaction in while statements come without a pause, and statements while transactions do', async () => {
    const authDb = open()
    let isRunning = true
    const load = Array.from({ length: 20 }, async () => {
      while (isRunning) await authDb.sql`select pg_sleep(0.001)`
    })
    for (let round = 0; round < 20; round += 1) await authDb.db.transaction((tx) => tx.execute('select 1'))
    isRunning = false
    await Promise.all(load)
    isRunning = true
    const transactions = Array.from({ length: 20 }, async () => {
      while (isRunning) await authDb.db.transaction((tx) => tx.execute('select pg_sleep(0.001)'))
    })
    for (let round = 0; round < 20; round += 1) await authDb.sql`select 1`
    isRunning = false
    await Promise.all(transactions)
  })

  it('does not send a statement behind one that takes long where another connection is free to take it', async () => {
    const authDb = open()
    const asleep = authDb.sql`select pg_sleep(60)`
    const ended = failureOf(() => asleep)
    await vi.waitFor(async () => {
      expect(await admin`select from pg_stat_activity where wait_event = 'PgSleep'`).toHaveLength(1)
    })
    // Far more than one at a time, for longer than a connection may make no progress and still be given statements.
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let round = 0; round < 20; round += 1) await authDb.sql`select pg_sleep(0.001)`
      }),
    )
    await admin`select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'`
    expect(await ended).toMatchObject({ code: 'QUERY_CANCELED' })
  })

  it('gives up who waited too long, in time and alone, and goes on', async () => {
    const authDb = open({ maxConnections: 1, acquireTimeoutMs: 100 })
    const held = await holdConnection(authDb)
    const early = failureOf(() => authDb.sql`select 1`)
    const begin = failureOf(() => authDb.db.transaction((tx) => tx.execute('select 1')))
    expect(await early).toMatchObject(timedOut)
    expect(await begin).toMatchObject(timedOut)
    expect(authDb.poolStatus()).toEqual({ busy: 1, waiting: 0, max: 1, transactions: 1, timedOut: 2 })
    const late = authDb.sql`select 1 as one`
    await held.end()
    expect(await late).toEqual([{ one: 1 }])
    expect(authDb.poolStatus()).toEqual({ busy: 0, waiting: 0, max: 1, transactions: 0, timedOut: 2 })
  })

  it('holds it against no call that this process was busy while a connection became free', async () => {
    const authDb = open({ maxConnections: 1, acquireTimeoutMs: 50 })
    const held = await holdConnection(authDb)
    const waiting = authDb.sql`select 1 as one`
    const ending = held.end()
    // The commit is on its way; its answer is there before this process looks at the time again.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    await ending
    expect(await waiting).toEqual([{ one: 1 }])
  })

  it('is emptied when the pool closes', async () => {
    const authDb = open({ maxConnections: 1, closeTimeoutMs: 100 })
    const held = await holdConnection(authDb)
    const waiting = [
      failureOf(() => authDb.sql`select 1`),
      failureOf(() => authDb.db.transaction((tx) => tx.execute('select 1'))),
    ]
    const closing = authDb.close()
    for (const failure of await Promise.all(waiting)) expect(failure).toMatchObject({ code: 'CLOSED' })
    expect(authDb.poolStatus()).toMatchObject({ waiting: 0, timedOut: 0 })
    await held.end().catch(() => undefined)
    await closing
  })

  it('takes no connection from those that wait when one breaks', async () => {
    const authDb = open({ maxConnections: 1 })
    const broken = failureOf(() =>
      authDb.db.transaction(async (tx) => {
        const { rows } = await tx.execute('select pg_backend_pid() as pid')
        await admin`select pg_terminate_backend(${Number(rows[0]?.['pid'])})`
        await tx.execute('select 1')
      }),
    )
    const waiting = Array.from({ length: 5 }, async (_, index) => {
      await (index % 2 ? authDb.sql`select 1` : authDb.db.transaction((tx) => tx.execute('select 1')))
    })
    expect(await broken).toMatchObject({ code: 'CONNECTION_FAILED' })
    await Promise.all(waiting)
  })
})

it('commits nothing of another caller’s transaction after a savepoint was undone', async () => {
  const authDb = open({ maxConnections: 1 })
  await authDb.sql`create table kept (id int)`
  const withUndone = async () => {
    await authDb.db.transaction(async (tx) => {
      await tx.transaction((inner) => inner.execute('select 1 / 0')).catch(() => undefined)
      await tx.execute('select 1')
    })
  }
  const undoing = () =>
    failureOf(() =>
      authDb.db.transaction(async (tx) => {
        await tx.execute('insert into kept values (1)')
        await tx.execute('select 1 / 0')
      }),
    )
  await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? withUndone() : undoing())))
  expect(await authDb.sql`select id from kept`).toEqual([])
  await authDb.sql`drop table kept`
})

it.for(['commit', 'rollback'] as const)('gives up a connection on which a %s was canceled', async (ending) => {
  await using proxy = await startMessageProxy(database.url)
  const authDb = open({ connectionString: proxy.url, maxConnections: 1, acquireTimeoutMs: 2000 })
  const fields = ['SERROR', 'VERROR', 'C57014', 'Mcanceling statement due to user request', ''].join('\0')
  const canceled = Buffer.from(`E\0\0\0\0${fields}\0`)
  canceled.writeUInt32BE(canceled.length - 1, 1)
  const own = new Error('of the caller')
  const ended = authDb.db.transaction(async (tx) => {
    await tx.execute('select 1')
    // The server is canceled before it runs the statement, and stays in the transaction.
    proxy.change((type) => {
      if (type !== 'Z') return []
      proxy.change(undefined)
      return [canceled, Buffer.from([0x5a, 0, 0, 0, 5, 'T'.charCodeAt(0)])]
    })
    if (ending === 'rollback') throw own
  })
  if (ending === 'rollback') await expect(ended).rejects.toBe(own)
  else await expect(ended).rejects.toMatchObject({ code: 'QUERY_CANCELED' })
  const waiting = Array.from({ length: 3 }, () => authDb.sql`select 1 as one`)
  expect(await Promise.all(waiting)).toEqual([[{ one: 1 }], [{ one: 1 }], [{ one: 1 }]])
})

it.for([0, -1, 1.5, Number.NaN])('refuses %d as a timeout', (acquireTimeoutMs) => {
  expect(() => createAuthDatabase({ connectionString: database.url, acquireTimeoutMs })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTIONS' }),
  )
})

it('waits for as long as the timers of JavaScript can count', async () => {
  const authDb = open({ maxConnections: 1, acquireTimeoutMs: 2 ** 31 - 1 })
  const held = await holdConnection(authDb)
  const waiting = authDb.sql`select 1 as one`
  await admin`select pg_sleep(0.05)`
  await held.end()
  expect(await waiting).toEqual([{ one: 1 }])
})
