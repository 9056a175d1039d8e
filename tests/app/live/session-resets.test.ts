/** What would reset the session that live queries and listeners of all tabs live in. */
import { protocol } from '@electric-sql/pglite'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AppDatabase } from '../../../src/app/create-app-database.ts'
import { createTestAppDatabase } from '../../../src/testing/index.ts'

let app: AppDatabase
beforeAll(async () => {
  app = await createTestAppDatabase()
})
beforeEach(() => app.db.delete(app.schema.collection))
afterAll(() => app.close())

const { parse, bind, execute, sync, query } = protocol.serialize
const raw = (message: Uint8Array) => app.pgClient.execProtocolRaw(message)

const doors: readonly (readonly [string, (text: string) => Promise<unknown>])[] = [
  ['exec', (text) => app.pgClient.exec(text)],
  ['query', (text) => app.pgClient.query(text)],
  ['Drizzle', (text) => app.db.execute(sql.raw(text))],
  ['a transaction', (text) => app.db.transaction((tx) => tx.execute(sql.raw(text)))],
  ['a transaction of pgClient', (text) => app.pgClient.transaction((tx) => tx.exec(text))],
  ['execProtocolRaw', (text) => raw(query(text))],
  [
    'execProtocolRaw with more than one message',
    (text) => raw(new Uint8Array(Buffer.concat([query('select 1'), parse({ text }), bind(), execute(), sync()]))),
  ],
  ['execProtocol', (text) => app.pgClient.execProtocol(query(text))],
  ['execProtocolRawStream', (text) => app.pgClient.execProtocolRawStream(query(text), { onRawData: () => undefined })],
  ['runExclusive', (text) => app.pgClient.runExclusive(() => raw(query(text)))],
]

const resets = ['discard all', 'reset all', 'reset typyst.tell', 'unlisten *', 'DISCARD /* all */ ALL;']

describe.each(doors)('by %s', (_, run) => {
  it.each(resets)('%s is refused, and live queries and listeners go on', async (text) => {
    const heard: string[] = []
    const unlisten = await app.pgClient.listen('news', (payload) => heard.push(payload))
    using live = app.live(app.db.select().from(app.schema.collection))
    let ids: readonly string[] | undefined
    live.subscribe(({ data }) => (ids = data?.map(({ id }) => id)))
    await vi.waitUntil(() => ids !== undefined)
    await expect(run(text)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' })
    await app.db.insert(app.schema.collection).values({ id: 'a', name: 'A' })
    await vi.waitUntil(() => ids?.includes('a'), { timeout: 10_000 })
    await app.pgClient.query("select pg_notify('news', 'later')")
    await vi.waitUntil(() => heard.includes('later'), { timeout: 10_000 })
    await unlisten()
  })
})

it('a script is refused as a whole', async () => {
  const script = "insert into collection (id, name) values ('a', 'A'); discard all"
  await expect(app.pgClient.exec(script)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' })
  expect(await app.db.$count(app.schema.collection)).toBe(0)
})

it.each([
  "select 'discard all' as text",
  'reset work_mem',
  "set work_mem to '4MB'",
  'discard plans',
  'discard temp',
  'deallocate all',
  'unlisten nothing',
  'select 1 as "reset all"',
])('%s runs', async (text) => {
  await app.pgClient.exec(text)
})

it('a live query has the trigger of its table made again', async () => {
  using live = app.live(app.db.select().from(app.schema.collection))
  let ids: readonly string[] | undefined
  live.subscribe(({ data }) => (ids = data?.map(({ id }) => id)))
  await vi.waitUntil(() => ids !== undefined)
  await app.pgClient.exec('drop trigger typyst_tell_change on collection')
  await vi.waitUntil(async () => {
    const { rows } = await app.pgClient.query(
      "select from pg_trigger where tgname = 'typyst_tell_change' and tgrelid = 'collection'::regclass",
    )
    return rows.length === 1
  })
  await app.db.insert(app.schema.collection).values({ id: 'a', name: 'A' })
  await vi.waitUntil(() => ids?.includes('a'), { timeout: 10_000 })
})
