/** Statements that stay prepared, on a real PGlite whose tables change under them. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { parse, PGlite, protocol } from '@electric-sql/pglite'
import { batchProtocol } from '../../src/pglite/batch-protocol.ts'
import { quickQuery } from '../../src/pglite/quick-query.ts'
import { watchEngine } from '../../src/pglite/watch-engine.ts'

const client = await PGlite.create()
/** How many messages of each type reached Postgres. */
const sent = new Map<string, number>()
const send = client.execProtocolStream.bind(client)
client.execProtocolStream = (message, options) => {
  for (let at = 0; at < message.length;) {
    const type = String.fromCharCode(message[at] ?? 0)
    sent.set(type, (sent.get(type) ?? 0) + 1)
    at += 1 + new DataView(message.buffer, message.byteOffset).getUint32(at + 1)
  }
  calls += 1
  return send(message, options)
}
let calls = 0
batchProtocol(client, protocol, watchEngine(client))

const select = 'select * from note where id = $1'
const rows = async (sql: string, params: unknown[] = []) => (await client.query(sql, params)).rows

beforeEach(async () => {
  await client.exec(
    "drop table if exists note; create table note (id int, text text); insert into note values (1, 'a')",
  )
  sent.clear()
  calls = 0
})
afterAll(() => client.close())

describe('a query that was asked before', () => {
  it('is one call, and is not parsed again', async () => {
    expect(await rows(select, [1])).toEqual([{ id: 1, text: 'a' }])
    calls = 0
    expect(await rows(select, [2])).toEqual([])
    expect(await rows(select, [1])).toEqual([{ id: 1, text: 'a' }])
    expect(calls).toBe(2)
    expect(sent.get('P')).toBe(1)
  })

  it('is described by what Postgres said first', async () => {
    await rows(select, [1])
    const { queryParams, resultFields } = await client.describeQuery(select)
    expect(queryParams.map(({ dataTypeID }) => dataTypeID)).toEqual([23])
    expect(resultFields.map(({ name }) => name)).toEqual(['id', 'text'])
    expect(await rows(select, [1])).toEqual([{ id: 1, text: 'a' }])
    expect(sent.get('P')).toBe(1)
  })

  it.each([
    ['a column is added', 'alter table note add column more int default 7', { id: 1, text: 'a', more: 7 }],
    ['a column is dropped', 'alter table note drop column text', { id: 1 }],
    ['the type of the parameter changes', 'alter table note alter column id type text', { id: '1', text: 'a' }],
    [
      'the table is made anew',
      'drop table note; create table note (text int, id int); insert into note values (5, 1)',
      { text: 5, id: 1 },
    ],
    [
      'a block changes it',
      "do $$ begin execute 'alter table note add column more int default 7'; end $$",
      { id: 1, text: 'a', more: 7 },
    ],
    ['all statements are deallocated', 'deallocate all', { id: 1, text: 'a' }],
    ['all is discarded', 'discard all', { id: 1, text: 'a' }],
  ])('gives what is true after %s', async (_, change, expected) => {
    for (const id of [1, 2, 1, 2, 1, 2, 1]) await rows(select, [id])
    await client.exec(change)
    expect(await rows(select, [expected.id])).toEqual([expected])
  })

  it('gives what is true after a change in a transaction, and after its end', async () => {
    await rows(select, [1])
    const undone = client.transaction(async (tx) => {
      await tx.query('alter table note alter column id type text')
      expect((await tx.query(select, ['1'])).rows).toEqual([{ id: '1', text: 'a' }])
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await rows(select, [1])).toEqual([{ id: 1, text: 'a' }])

    await client.transaction(async (tx) => {
      await tx.exec('savepoint s; alter table note add column more int')
      await tx.query(select, [1])
      await tx.exec('rollback to savepoint s')
      expect((await tx.query(select, [1])).rows).toEqual([{ id: 1, text: 'a' }])
    })
  })

  it('finds the table another search path leads to', async () => {
    await rows(select, [1])
    await client.exec('create schema if not exists other; create table other.note (id int); set search_path to other')
    expect(await rows(select, [1])).toEqual([])
    await client.exec('reset search_path; drop schema other cascade')
    expect(await rows(select, [1])).toEqual([{ id: 1, text: 'a' }])
  })
})

describe('a change that hides in a function', () => {
  const define = (change: string) =>
    client.exec(
      `create or replace function change() returns int language plpgsql as $$ begin ${change}; return 1; end $$`,
    )

  it('is met with a second try', async () => {
    await define('alter table note add column more int default 7')
    await rows(select, [1])
    await rows('select change()')
    expect(await rows(select, [1])).toEqual([{ id: 1, text: 'a', more: 7 }])
  })

  it('is told when the parameters would mean something else, and gone with the next query', async () => {
    await define('alter table note alter column id type date using null')
    await rows(select, [1])
    await rows('select change()')
    await expect(rows(select, [1])).rejects.toMatchObject({ code: '42883' })
    expect(await rows(select, ['2026-01-01'])).toEqual([])
  })

  it('is told inside a transaction, which it ends', async () => {
    await define('alter table note add column more int default 7')
    await rows(select, [1])
    const transaction = client.transaction(async (tx) => {
      await tx.query('select change()')
      await tx.query(select, [1])
    })
    await expect(transaction).rejects.toMatchObject({ code: '0A000' })
    expect(await rows(select, [1])).toEqual([{ id: 1, text: 'a' }])
  })
})

describe('a query that fails', () => {
  it('says so each time, and leaves the next one alone', async () => {
    for (let round = 0; round < 3; round += 1) {
      await expect(rows('select nothing from note')).rejects.toMatchObject({ code: '42703' })
      await expect(rows('select 1 / $1::int as one', [0])).rejects.toMatchObject({ code: '22012' })
      await expect(rows(select, ['x'])).rejects.toMatchObject({ code: '22P02' })
      await expect(rows(select, [])).rejects.toMatchObject({ code: '08P01' })
      expect(await rows('select 1 / $1::int as one', [1])).toEqual([{ one: 1 }])
      expect(await rows(select, [1])).toEqual([{ id: 1, text: 'a' }])
    }
  })

  it('takes effect once when it is tried again', async () => {
    await client.exec('create sequence if not exists counted')
    const insert = "insert into note values (2, 'b') returning missing()"
    await client.exec('create or replace function missing() returns int language sql as $$ select 1 $$')
    await rows(insert)
    await client.exec(
      'create function drop_it() returns int language plpgsql as $$ begin drop function missing(); return 1; end $$',
    )
    await rows('select drop_it()')
    await expect(rows(insert)).rejects.toMatchObject({ code: '42883' })
    expect(await rows('select count(*)::int as count from note where id = 2')).toEqual([{ count: 1 }])
  })
})

it('keeps a bounded number of statements, and Postgres no more', async () => {
  for (let more = 0; more < 300; more += 1) await rows(`select ${more} as more`)
  expect(await rows('select count(*) between 90 and 102 as is_bounded from pg_prepared_statements')).toEqual([
    { is_bounded: true },
  ])
})

it('does not keep a text that was built for once', async () => {
  const values = Array.from({ length: 2000 }, (_, at) => `(${at})`).join()
  expect(await rows(`select count(*)::int as count from (values ${values}) v`)).toEqual([{ count: 2000 }])
  const [kept] = await rows('select count(*)::int as count from pg_prepared_statements where length(statement) > 8192')
  expect(kept).toEqual({ count: 0 })
})

it('lets a caller bind to its statement without a name again', async () => {
  const { parse, bind, describe: describeMessage, execute, sync } = protocol.serialize
  const stream = (...messages: Uint8Array[]) =>
    client.runExclusive(async () => {
      const answers = []
      for (const message of messages) answers.push(...(await client.execProtocolStream(message, { syncToFs: false })))
      return answers.flatMap((answer) => ('text' in answer ? [answer.text] : []))
    })
  await rows('select 1 as one')
  for (const text of ['select 1 as one', 'select 2 as two']) {
    expect(await stream(parse({ text }), bind(), describeMessage({ type: 'P' }), execute(), sync())).toEqual([
      'SELECT 1',
    ])
    expect(await stream(bind(), execute(), sync())).toEqual(['SELECT 1'])
  }
})

it.each([
  ['a prepared query', (own: PGlite) => own.query('insert into note values ($1)', [2])],
  ['a new query', (own: PGlite) => own.query('insert into note values ($1), (9)', [2])],
  ['exec', (own: PGlite) => own.exec('insert into note values (2)')],
])('takes no silence for a success, by %s', async (_, insert) => {
  const own = await PGlite.create()
  await own.exec('create table note (id int)')
  const engine = watchEngine(own)
  quickQuery(own, { protocol, parse }, batchProtocol(own, protocol, engine))
  await own.query('insert into note values ($1)', [1])
  // Everything up to the next `sync` is ignored.
  own.execProtocolRawSync(protocol.serialize.bind({ statement: 'missing' }))
  await expect(insert(own)).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
  await expect(engine.failed).resolves.toBeUndefined()
})
