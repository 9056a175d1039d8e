/** Queries as one message give what PGlite gives by itself, on a stock one beside it. */
import { PGlite, parse, protocol } from '@electric-sql/pglite'
import type { QueryOptions } from '@electric-sql/pglite'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { batchProtocol } from '../../src/pglite/batch-protocol.ts'
import { watchEngine } from '../../src/pglite/watch-engine.ts'
import { quickQuery } from '../../src/pglite/quick-query.ts'

const stock = await PGlite.create()
const quick = await PGlite.create()
/** The types of the messages of each call into Postgres. */
const calls: string[] = []
const send = quick.execProtocolStream.bind(quick)
quick.execProtocolStream = (message, options) => {
  let types = ''
  for (let at = 0; at < message.length;) {
    types += String.fromCharCode(message[at] ?? 0)
    at += 1 + new DataView(message.buffer, message.byteOffset).getUint32(at + 1)
  }
  calls.push(types)
  return send(message, options)
}
quickQuery(quick, { protocol, parse }, batchProtocol(quick, protocol, watchEngine(quick)))

async function outcomeOf(client: PGlite, text: string, params?: unknown[], options?: QueryOptions): Promise<unknown> {
  try {
    const { blob, ...result } = await client.query(text, params, options)
    return { ...result, blob: await blob?.text() }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    return { message: cause.message.replace(/typyst_\d+/, ''), code: 'code' in cause ? cause.code : undefined }
  }
}

/** Asks both, and expects the same. */
async function ask(text: string, params?: unknown[], options?: QueryOptions): Promise<unknown> {
  const wanted = await outcomeOf(stock, text, params, options)
  expect(await outcomeOf(quick, text, params, options)).toEqual(wanted)
  return wanted
}
const run = async (text: string): Promise<void> => {
  for (const client of [stock, quick]) await client.exec(text)
}

beforeEach(async () => {
  await run(
    "drop table if exists note; create table note (id int, text text); insert into note values (1, 'a'), (2, null)",
  )
  calls.length = 0
})
afterAll(() => Promise.all([stock.close(), quick.close()]))

const select = 'select * from note where id = $1'

it('is one message from the second time on', async () => {
  for (const id of [1, 2, 3]) await ask(select, [id])
  expect(calls.slice(1)).toEqual(['BDES', 'BDES', 'BDES'])
})

describe('gives the same', () => {
  it.each<[string, unknown[]?, QueryOptions?]>([
    [select, [1]],
    [select, [null]],
    [select, [undefined]],
    [select, ['1']],
    [select, ['x']],
    [select, []],
    [select, [1, 2]],
    [select, [1], { rowMode: 'array' }],
    [select, [1], { parsers: { 23: (value) => `<${value}>` } }],
    [select, [1], { paramTypes: [21] }],
    [select, ['one'], { serializers: { 23: () => '1' } }],
    ["insert into note values ($1, $2) returning id, text || '!' as more", [7, 'ä'.repeat(5000)]],
    ['insert into note (id) select generate_series(1, 10)'],
    ['update note set text = $1', ['b']],
    ['  DELETE FROM note'],
    ['with found as (select 1 as one) select * from found'],
    ['merge into note using (select 1 as one) x on id = one when matched then delete'],
    ['table note'],
    ["copy note to '/dev/blob'"],
    ['/* why */ select 1 as one'],
    ['select nothing'],
    ['select 1 / 0'],
    ['select 1; select 2'],
    [''],
  ])('for %j', async (...query) => {
    for (let times = 0; times < 3; times += 1) await ask(...query)
    await ask('select * from note order by id, text')
  })

  it('for values of many types', async () => {
    const query =
      'select $1::bool as a, $2::timestamptz as b, $3::jsonb as c, $4::int[] as d, $5::bytea as e, $6::int8 as f, $7::numeric as g'
    const values = [true, new Date(0), { a: [1] }, [1, 2], new Uint8Array([1, 0, 255]), 2n ** 60n, 1.5]
    for (let times = 0; times < 3; times += 1) await ask(query, values)
    for (let times = 0; times < 2; times += 1) await ask(query, [false, null, null, null, null, null, null])
  })

  it('with a blob', async () => {
    const options = { blob: new Blob(['9\tnine\n']) }
    for (let times = 0; times < 3; times += 1) await ask("copy note from '/dev/blob'", [], options)
    await ask('select * from note')
    const read = "select pg_read_file('/dev/blob', 0, 5) as text"
    for (let times = 0; times < 3; times += 1) await ask(read, [], options)
  })

  it('with types of parameters', async () => {
    for (const paramTypes of [[25], [23], [25]]) {
      await ask('select $1 as value', [1])
      await ask('select $1 as value', [1], { paramTypes })
    }
  })

  it('with notices', async () => {
    await run(
      "create or replace function tell() returns int language plpgsql as $$ begin raise notice 'hi'; return 1; end $$",
    )
    const told: (string | undefined)[] = []
    for (let times = 0; times < 3; times += 1) {
      await quick.query('select tell()', [], { onNotice: ({ message }) => told.push(message) })
    }
    expect(told).toEqual(['hi', 'hi', 'hi'])
  })

  it.each([
    'alter table note add column more int default 7',
    'alter table note drop column text',
    "alter table note alter column id type text using 'x'",
    'alter table note alter column id type date using null',
    'drop table note',
    'deallocate all',
    'discard all',
    'create schema other; create table other.note (id int8); set search_path to other',
    "do $$ begin execute 'alter table note add column more int default 7'; end $$",
  ])('after %s', async (change) => {
    for (const id of [1, 2, 1]) await ask(select, [id])
    await run(change)
    for (const id of [1, 'x', 1]) await ask(select, [id])
    await run('reset search_path; drop schema if exists other cascade')
    await ask(select, [1])
  })

  describe('after a change that hides in a function', () => {
    beforeEach(async () => {
      await run(
        `create or replace function change() returns int language plpgsql as
         $$ begin alter table note alter column id type text; return 1; end $$`,
      )
      await ask(select, [1])
    })

    it('outside of a transaction', async () => {
      await run('select change()')
      for (const id of [1, 'x', 1]) await ask(select, [id])
    })

    it('but for an error inside of one', async () => {
      await quick.exec('begin; select change()')
      expect(await outcomeOf(quick, select, [1])).toMatchObject({ code: '42883' })
      await quick.exec('rollback')
      await ask(select, [1])
    })
  })
})

it('does not come in between a transaction', async () => {
  await ask(select, [1])
  let outside: Promise<unknown[]> | undefined
  await quick.transaction(async (tx) => {
    await tx.query('delete from note')
    outside = quick.query(select, [1]).then(({ rows }) => rows)
    // Long enough for it to run, if it did not wait.
    for (let times = 0; times < 10; times += 1) await tx.query('select 1 as one')
    await tx.rollback()
  })
  expect(await outside).toEqual([{ id: 1, text: 'a' }])
})

it('stores what it changed, and asks for the storage after each', async () => {
  using sync = vi.spyOn(quick, 'syncToFs')
  for (let times = 0; times < 3; times += 1) await quick.query('update note set text = $1', ['b'])
  expect(sync).toHaveBeenCalledTimes(3)
})

it('runs once when what was given to read its rows fails', async () => {
  const options = {
    parsers: {
      25: () => {
        throw Object.assign(new Error('unreadable'), { code: '42P01' })
      },
    },
  }
  const insert = 'insert into note values ($1, $2) returning text'
  await ask(insert, [3, 'c'])
  await expect(quick.query(insert, [4, 'd'], options)).rejects.toThrow('unreadable')
  expect(await outcomeOf(quick, 'select id from note where id > 2 order by id')).toMatchObject({
    rows: [{ id: 3 }, { id: 4 }],
  })
})

it('fails when it is closed', async () => {
  const closing = await PGlite.create()
  quickQuery(closing, { protocol, parse }, batchProtocol(closing, protocol, watchEngine(closing)))
  for (let times = 0; times < 2; times += 1) await closing.query('select 1 as one')
  await closing.close()
  await expect(closing.query('select 1 as one')).rejects.toThrow('closed')
})
