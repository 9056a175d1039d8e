/** The wire protocol by `app.pgClient`, in one tab and behind a worker: what PGlite's own functions for it do. */
import { protocol } from '@electric-sql/pglite'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createAppDatabase, type AppDatabase } from '../../src/app/index.ts'

let app: AppDatabase
beforeAll(() => {
  app = createAppDatabase({ dataDir: 'memory://', transactionIdleTimeoutMs: 100 })
})
beforeEach(() => app.db.delete(app.schema.collection))
afterAll(() => app.close())

const ask = (text: string) => protocol.serialize.query(text)
const insert = (id: string) => ask(`insert into collection (id, name) values ('${id}', 'C')`)
const ids = async () => (await app.db.select().from(app.schema.collection)).map(({ id }) => id).sort()
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
/** The types of messages, as Postgres documents them. */
const types = (bytes: Uint8Array): string => {
  let found = ''
  for (let at = 0; at < bytes.length;) {
    found += String.fromCharCode(bytes[at] ?? 0)
    at += 1 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 1)
  }
  return found
}

it('execProtocolRaw answers with the bytes of Postgres', async () => {
  const bytes = await app.pgClient.execProtocolRaw(ask("select 'é' as letter"))
  expect(types(bytes)).toBe('TDCZ')
  expect(text(bytes)).toContain('é')
})

it('execProtocolRaw leaves errors among the bytes', async () => {
  const bytes = await app.pgClient.execProtocolRaw(ask('select 1 / 0'))
  expect(types(bytes)).toBe('EZ')
  expect(text(bytes)).toContain('22012')
})

it('execProtocolRawStream hands out an answer larger than any buffer, as it comes', async () => {
  const chunks: Uint8Array[] = []
  const onRawData = (bytes: Uint8Array) => chunks.push(bytes.slice())
  await app.pgClient.execProtocolRawStream(ask("select repeat('x', 1000) from generate_series(1, 20000)"), {
    onRawData,
  })
  const bytes = Buffer.concat(chunks)
  expect(types(bytes) === `T${'D'.repeat(20_000)}CZ`).toBe(true)
})

it('execProtocol reads the messages, and tells notices', async () => {
  const heard: (string | undefined)[] = []
  const { messages, data } = await app.pgClient.execProtocol(
    ask("do $$ begin raise notice 'look'; end $$; select 1 as one"),
    { onNotice: ({ message }) => heard.push(message) },
  )
  expect(messages.map(({ name }) => name)).toEqual([
    'notice',
    'commandComplete',
    'rowDescription',
    'dataRow',
    'commandComplete',
    'readyForQuery',
  ])
  expect(messages[3]).toMatchObject({ fieldCount: 1, fields: ['1'] })
  expect(types(data)).toBe('NCTDCZ')
  expect(heard).toEqual(['look'])
})

it('execProtocol throws what Postgres refuses, or hands it out where that is asked for', async () => {
  await app.pgClient.execProtocolRaw(insert('a'))
  await expect(app.pgClient.execProtocol(insert('a'))).rejects.toMatchObject({
    code: 'UNIQUE_VIOLATION',
    sqlState: '23505',
    constraint: 'collection_pkey',
  })
  const { messages } = await app.pgClient.execProtocol(insert('a'), { throwOnError: false })
  expect(messages[0]).toMatchObject({ name: 'error', code: '23505' })
  expect(await ids()).toEqual(['a'])
})

it('prepared statements of the caller live beside those of the package, which outlive being deallocated', async () => {
  expect(await ids()).toEqual([])
  const { parse, bind, execute, sync } = protocol.serialize
  const run = async (...messages: Uint8Array[]) => {
    await app.pgClient.runExclusive(async () => {
      for (const message of messages) await app.pgClient.execProtocol(message)
    })
  }
  await run(
    parse({ name: 'own', text: "insert into collection (id, name) values ($1, 'C')" }),
    bind({ statement: 'own', values: ['b'] }),
    execute({}),
    sync(),
  )
  expect(await ids()).toEqual(['b'])
  await app.pgClient.execProtocolRaw(ask('deallocate all'))
  expect(await ids()).toEqual(['b'])
  await app.pgClient.execProtocolRaw(ask('discard plans'))
  expect(await ids()).toEqual(['b'])
})

it('describeQuery names the types of parameters and columns, with functions for them', async () => {
  const { queryParams, resultFields } = await app.pgClient.describeQuery(
    'select $1::int[] as numbers, $2::jsonb as json, now() as at',
  )
  expect(queryParams.map(({ dataTypeID }) => dataTypeID)).toEqual([1007, 3802])
  expect(queryParams.map(({ serializer }, at) => serializer(at === 0 ? [1, 2] : { a: 1 }))).toEqual([
    '{"1","2"}',
    '{"a":1}',
  ])
  expect(resultFields.map(({ name, dataTypeID }) => [name, dataTypeID])).toEqual([
    ['numbers', 1007],
    ['json', 3802],
    ['at', 1184],
  ])
  expect(resultFields[0]?.parser('{3,NULL}', 1007)).toEqual([3, null])
  expect(resultFields[2]?.parser('2026-01-02 03:04:05+00', 1184)).toEqual(new Date('2026-01-02T03:04:05Z'))
})

it('runExclusive keeps statements out until it has ended, and hands out what its callback returns', async () => {
  const order: string[] = []
  let outside: Promise<unknown> = Promise.resolve()
  const result = await app.pgClient.runExclusive(async () => {
    outside = ids().then((found) => order.push(`outside sees ${found.join()}`))
    for (const id of ['x', 'y']) {
      await app.pgClient.execProtocolRaw(insert(id))
      order.push(id)
    }
    return 'result'
  })
  await outside
  expect(result).toBe('result')
  expect(order).toEqual(['x', 'y', 'outside sees x,y'])
})

it('runExclusive refuses a statement that its callback would wait for for ever', async () => {
  await app.pgClient.runExclusive(async () => {
    await expect(app.db.select().from(app.schema.collection)).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
    await expect(app.pgClient.query('select 1')).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
    await app.pgClient.execProtocolRaw(insert('z'))
  })
  expect(await ids()).toEqual(['z'])
})

it('runExclusive makes way when its callback throws', async () => {
  const failing = app.pgClient.runExclusive(() => Promise.reject(new Error('own')))
  await expect(failing).rejects.toThrow('own')
  expect(await ids()).toEqual([])
})
