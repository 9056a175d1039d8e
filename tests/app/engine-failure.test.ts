/** An engine that comes to its end inside of a statement, in one tab and behind a worker. */
import { protocol } from '@electric-sql/pglite'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAppDatabase } from '../../src/app/index.ts'
import type { AppDatabase } from '../../src/app/index.ts'

const recursion = 'select endless(1)'
const { query, parse, bind, execute, sync } = protocol.serialize

let app: AppDatabase
beforeAll(async () => {
  app = createAppDatabase({ dataDir: 'memory://', transactionIdleTimeoutMs: 500 })
  await app.pgClient.exec(
    "create function endless(n int) returns int language plpgsql as $$ begin if n = 1 then perform set_config('max_stack_depth', '7MB', false); end if; return endless(n + 1) + 1; end $$",
  )
})
beforeEach(() => app.db.delete(app.schema.collection))
afterAll(() => app.close())

const add = (id: string) => app.db.insert(app.schema.collection).values({ id, name: 'C' })
const ids = async () => (await app.db.select().from(app.schema.collection)).map(({ id }) => id).sort()
/** Behind a worker, a transaction may be told that its leader is gone before it is told why. */
const failed = { code: expect.stringMatching(/^(ENGINE_FAILED|LEADER_CHANGED)$/) as string }

describe('an engine that fails', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['Drizzle', () => app.db.execute(sql.raw(recursion))],
    ['a transaction', () => app.db.transaction((tx) => tx.execute(sql.raw(recursion)))],
    [
      'a nested transaction',
      () => app.db.transaction((tx) => tx.transaction((inner) => inner.execute(sql.raw(recursion)))),
    ],
    ['pgClient.query', () => app.pgClient.query(recursion)],
    ['pgClient.exec', () => app.pgClient.exec(recursion)],
    ['pgClient.sql', () => app.pgClient.sql`select endless(1)`],
    ['pgClient.transaction', () => app.pgClient.transaction((tx) => tx.query(recursion))],
    ['execProtocol', () => app.pgClient.execProtocol(query(recursion))],
    ['execProtocolRaw', () => app.pgClient.execProtocolRaw(query(recursion))],
    [
      'execProtocolRawStream',
      () => app.pgClient.execProtocolRawStream(query(recursion), { onRawData: () => undefined }),
    ],
    ['runExclusive', () => app.pgClient.runExclusive(() => app.pgClient.execProtocolRaw(query(recursion)))],
    [
      'one message of many',
      () =>
        app.pgClient.execProtocolRaw(
          Buffer.concat([parse({ text: recursion }), bind({}), execute({}), sync(), query('select 1')]),
        ),
    ],
  ])('fails %s with a code, and is opened again with what was stored', async (_, run) => {
    await add('kept')
    await expect(run()).rejects.toMatchObject(failed)
    expect(await ids()).toEqual(['kept'])
    await add('later')
    expect(await ids()).toEqual(['kept', 'later'])
  })

  it('loses nothing that was acknowledged, and acknowledges nothing that is lost', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, async (_, at) => {
        if (at % 20 === 10) await app.pgClient.query(recursion)
        if (at % 7 === 3)
          await app.db.transaction((tx) => tx.insert(app.schema.collection).values({ id: `${at}`, name: 'T' }))
        else await add(`${at}`)
        return `${at}`
      }),
    )
    const acknowledged = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(failed)
    expect(await ids()).toEqual(expect.arrayContaining(acknowledged))
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true)
  })

  it('fails an open transaction, which stores nothing', async () => {
    const attempt = app.db.transaction(async (tx) => {
      await tx.insert(app.schema.collection).values({ id: 'half', name: 'C' })
      await tx.execute(sql.raw(recursion)).catch(() => undefined)
      await tx
        .insert(app.schema.collection)
        .values({ id: 'other', name: 'C' })
        .catch(() => undefined)
    })
    await expect(attempt).rejects.toMatchObject(failed)
    expect(await ids()).toEqual([])
  })

  it('fails a statement that has run well before', async () => {
    await app.pgClient.exec('create table if not exists deep (n int); truncate deep; insert into deep values (0)')
    await app.pgClient.exec(
      'create or replace function down(n int) returns int language plpgsql as $$ begin return case when n = 0 then 0 else down(n + 1) end; end $$',
    )
    const run = () => app.pgClient.query('select down(n) from deep where n >= $1', [0])
    for (let times = 0; times < 3; times += 1) expect((await run()).rows).toEqual([{ down: 0 }])
    await app.pgClient.query('update deep set n = 1')
    await expect(run()).rejects.toMatchObject(failed)
    expect(await ids()).toEqual([])
  })

  it('keeps live queries and listeners', async () => {
    const heard: string[] = []
    const told: string[] = []
    const unlisten = await app.pgClient.listen('news', (payload) => heard.push(payload))
    const stop = app.pgClient.onNotification((channel, payload) => told.push(`${channel} ${payload}`))
    using live = app.live(app.db.select().from(app.schema.collection))
    let names: string[] = []
    live.subscribe(({ data }) => (names = data?.map(({ id }) => id) ?? []))
    await expect(app.pgClient.query(recursion)).rejects.toMatchObject(failed)
    await add('seen')
    await vi.waitUntil(() => names.includes('seen'), { timeout: 30_000 })
    await vi.waitUntil(
      async () => {
        await app.pgClient.query("select pg_notify('news', 'again')")
        return heard.includes('again') && told.includes('news again')
      },
      { timeout: 30_000 },
    )
    stop()
    await unlisten()
  })
})

describe('a transaction begun by a statement of its own', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['Drizzle', () => app.db.execute(sql`begin`)],
    ['pgClient.query', () => app.pgClient.query('begin')],
    ['pgClient.exec', () => app.pgClient.exec("begin; insert into collection (id, name) values ('lost', 'C')")],
    ['execProtocolRaw', () => app.pgClient.execProtocolRaw(query('start transaction'))],
    ['execProtocol', () => app.pgClient.execProtocol(query('begin'))],
    ['runExclusive', () => app.pgClient.runExclusive(() => app.pgClient.execProtocolRaw(query('begin')))],
  ])('is rolled back at once, by %s, and takes nothing along', async (_, begin) => {
    const [outcome, , later] = await Promise.allSettled([begin(), add('a'), app.pgClient.exec('rollback'), add('b')])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'TRANSACTION_ABORTED' } })
    expect(later.status).toBe('fulfilled')
    expect(await ids()).toEqual(['a', 'b'])
  })

  it('is rolled back also when a statement in it fails', async () => {
    await expect(app.pgClient.exec('begin; select 1 / 0')).rejects.toMatchObject({ sqlState: '22012' })
    await add('a')
    expect(await ids()).toEqual(['a'])
  })

  it('is fine where it ends: in the same text, and inside of runExclusive', async () => {
    await app.pgClient.exec("begin; insert into collection (id, name) values ('a', 'C'); commit")
    await app.pgClient.execProtocolRaw(query("begin; insert into collection (id, name) values ('b', 'C'); commit"))
    await app.pgClient.runExclusive(async () => {
      await app.pgClient.execProtocolRaw(query('begin'))
      await app.pgClient.execProtocolRaw(query("insert into collection (id, name) values ('c', 'C')"))
      await app.pgClient.execProtocolRaw(query('commit'))
    })
    expect(await ids()).toEqual(['a', 'b', 'c'])
  })
})
