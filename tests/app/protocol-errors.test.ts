/** What callers send by the wire protocol itself, and what it leaves for the next statement of anyone: nothing. */
import { protocol } from '@electric-sql/pglite'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAppDatabase, type AppDatabase } from '../../src/app/index.ts'

let app: AppDatabase
beforeAll(async () => {
  app = createAppDatabase({ dataDir: 'memory://', transactionIdleTimeoutMs: 100 })
  await app.pgClient.exec(
    'create table parent (id int primary key); create table child (id int references parent deferrable initially deferred)',
  )
})
beforeEach(() => app.db.delete(app.schema.collection))
afterAll(() => app.close())

const { parse, bind, describe: describeMessage, execute, sync, query } = protocol.serialize
const joined = (...messages: Uint8Array[]) => new Uint8Array(Buffer.concat(messages))
const failing = parse({ text: 'select x from nowhere' })
const insertion = (id: string) => parse({ text: `insert into collection (id, name) values ('${id}', 'C')` })

const ids = async () => (await app.db.select().from(app.schema.collection)).map(({ id }) => id).sort()
const onRawData = () => undefined

/** The ways to send a message; what Postgres refuses is thrown by one of them. */
const doors: readonly (readonly [string, (message: Uint8Array) => Promise<unknown>])[] = [
  ['execProtocol', (message) => app.pgClient.execProtocol(message).catch(() => undefined)],
  ['execProtocol without throwing', (message) => app.pgClient.execProtocol(message, { throwOnError: false })],
  ['execProtocolRaw', (message) => app.pgClient.execProtocolRaw(message)],
  ['execProtocolRawStream', (message) => app.pgClient.execProtocolRawStream(message, { onRawData })],
]

/** What ends without a Sync, and so leaves Postgres waiting for one. */
const unfinished: readonly (readonly [string, readonly Uint8Array[]])[] = [
  ['a statement that cannot be parsed', [failing]],
  ['a portal of no statement', [bind({ statement: 'missing' })]],
  ['a description of no portal', [describeMessage({ type: 'P', name: 'missing' })]],
  ['a statement that fails as it runs', [parse({ text: 'select 1 / 0' }), bind(), execute()]],
  ['a query behind an error, which is ignored', [failing, query('select 1')]],
  ['an error behind a query', [query('select 1'), failing]],
  ['an error behind a Sync', [failing, sync(), failing]],
  ['a transaction with an error', [parse({ text: 'begin' }), bind(), execute(), failing]],
  ['a message whose body is broken', [new Uint8Array([80, 0, 0, 0, 5, 65])]],
  ['a statement that is only parsed', [parse({ text: 'select 1' })]],
]

describe.each(doors)('%s', (_, send) => {
  describe.each(unfinished)('%s', (__, messages) => {
    it.each([
      ['in one call', () => send(joined(...messages))],
      [
        'in calls of their own inside of runExclusive',
        () =>
          app.pgClient.runExclusive(async () => {
            for (const message of messages) await send(message)
          }),
      ],
      [
        'not awaited inside of runExclusive',
        () =>
          app.pgClient.runExclusive(() => {
            void send(joined(...messages))
            return Promise.resolve()
          }),
      ],
    ])('%s swallows nothing', async (___, run) => {
      for (const statement of [
        () => app.db.insert(app.schema.collection).values({ id: 'a', name: 'A' }),
        () => app.pgClient.exec("insert into collection (id, name) values ('b', 'B')"),
        () => app.pgClient.query("insert into collection (id, name) values ('c', 'C')"),
        () => app.db.transaction((tx) => tx.insert(app.schema.collection).values({ id: 'd', name: 'D' })),
      ]) {
        await run().catch((cause: unknown) => expect(cause).toMatchObject({ code: 'TRANSACTION_ABORTED' }))
        await statement()
      }
      expect(await ids()).toEqual(['a', 'b', 'c', 'd'])
    })
  })
})

it('what is executed without a Sync has taken effect, and keeps the tables told', async () => {
  await app.pgClient.execProtocolRaw(joined(insertion('a'), bind(), execute()))
  await app.pgClient.runExclusive(() => app.pgClient.execProtocolRaw(joined(insertion('b'), bind(), execute())))
  await expect(app.db.insert(app.schema.collection).values({ id: 'a', name: 'A' })).rejects.toMatchObject({
    code: 'UNIQUE_VIOLATION',
  })
  expect(await ids()).toEqual(['a', 'b'])
})

it.each([
  ['a call', (message: Uint8Array) => app.pgClient.execProtocolRaw(message)],
  ['runExclusive', (message: Uint8Array) => app.pgClient.runExclusive(() => app.pgClient.execProtocolRaw(message))],
])('%s fails with what only its end shows to be wrong', async (_, send) => {
  const message = joined(parse({ text: 'insert into child values (1)' }), bind(), execute())
  await expect(send(message)).rejects.toMatchObject({ code: 'FOREIGN_KEY_VIOLATION' })
  expect((await app.pgClient.query('select * from child')).rows).toEqual([])
})

it('runExclusive keeps a portal open between the calls of its callback', async () => {
  const text = 'select n from generate_series(1, 5) n'
  const rows: unknown[] = []
  await app.pgClient.runExclusive(async () => {
    await app.pgClient.execProtocol(joined(parse({ text }), bind({ portal: 'open' })))
    for (let call = 0; call < 3; call += 1) {
      const { messages } = await app.pgClient.execProtocol(execute({ portal: 'open', rows: 2 }))
      rows.push(messages.map(({ name }) => name))
    }
    await app.pgClient.execProtocol(sync())
  })
  expect(rows).toEqual([
    ['dataRow', 'dataRow', 'portalSuspended'],
    ['dataRow', 'dataRow', 'portalSuspended'],
    ['dataRow', 'commandComplete'],
  ])
})

/** Nothing of it reaches Postgres, which would wait for the rest or come to its end. */
const broken: readonly (readonly [string, Uint8Array])[] = [
  ['half a message', query('select 1').subarray(0, 8)],
  ['less than a head', query('select 1').subarray(0, 3)],
  [
    'half a message behind a whole one',
    joined(query("insert into collection (id, name) values ('x', 'X')"), sync().subarray(0, 4)),
  ],
  ['a type that there is not', new Uint8Array([122, 0, 0, 0, 4])],
  ['an answer to a question for a password', new Uint8Array([112, 0, 0, 0, 5, 0])],
  ['a length that cannot be', new Uint8Array([83, 0, 0, 0, 3])],
  ['a negative length', new Uint8Array([81, 0xff, 0xff, 0xff, 0xff, 0])],
  ['a length far beyond the end', new Uint8Array([81, 0x7f, 0, 0, 3, 1, 2, 3])],
  ['a name that Postgres takes for a loss of order', describeMessage({ type: 'S', name: 'n'.repeat(12_000) })],
  ['an end of the session behind a message', joined(sync(), new Uint8Array([88, 0, 0, 0, 4]))],
  ['a question for TLS', new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47])],
]

describe.each(doors)('%s', (name, send) => {
  it.each(broken)('refuses %s, unsent', async (_, message) => {
    const sent = name === 'execProtocol' ? app.pgClient.execProtocol(message) : send(message)
    await expect(sent).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await app.db.insert(app.schema.collection).values({ id: 'a', name: 'A' })
    expect(await ids()).toEqual(['a'])
  })
})

describe('a copy from the client', () => {
  const copy = 'copy collection (id, name) from stdin'
  const row = protocol.serialize.copyData(new TextEncoder().encode('k\tK\n').buffer)
  const ended = protocol.serialize.copyDone()

  it('is taken with its rows in one call', async () => {
    await app.pgClient.execProtocolRaw(joined(query(copy), row, ended))
    expect(await ids()).toEqual(['k'])
  })
})
