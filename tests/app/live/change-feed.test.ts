/** The feed of changes: who asks is told of them, and where nobody does they cost nothing. */
import type { PGliteInterface } from '@electric-sql/pglite'
import { beforeEach, expect, it, vi } from 'vitest'
import type { AppDatabase } from '../../../src/app/index.ts'
import { createChangeFeed } from '../../../src/app/live/change-feed.ts'
import { useAppDatabase } from '../data/open-app.ts'

const theApp = useAppDatabase()
let app: AppDatabase
beforeEach(async () => {
  app = theApp()
  await app.db.insert(app.schema.collection).values({ id: 'c', name: 'C' })
})

const write = () =>
  app.pgClient.exec(`insert into entry (id, title, collection_id) values (gen_random_uuid(), '', 'c')`)
/** As a session that has just begun. */
const forget = () => app.pgClient.exec(`set typyst.tell to ''`)

it.each([
  ['', []],
  ['once', ['collection']],
  ['all', ['collection', 'entry']],
])('triggers that are asked for "%s" tell %j', async (asked, tables) => {
  const told: string[] = []
  const unlisten = await app.pgClient.listen('typyst_changes', (payload) => told.push(payload))
  // In one go, because the app itself asks now and then, for what it does in idle time.
  await app.pgClient.exec(`
    begin;
    set typyst.tell to '${asked}';
    insert into collection (id, name) values ('d', 'D');
    insert into entry (id, title, collection_id) values ('1', 'one', 'd');
    notify typyst_changes, 'the end';
    commit`)
  await vi.waitUntil(() => told.includes('the end'))
  await unlisten()
  const { rows } = await app.pgClient.query<{ oid: string; relname: string }>('select oid::text, relname from pg_class')
  const names = new Map(rows.map(({ oid, relname }) => [oid, relname]))
  expect(told.flatMap((id) => names.get(id) ?? [])).toEqual(tables)
})

it('asks again after a change that was rolled back', async () => {
  const feed = createChangeFeed(app.pgClient)
  const listener = vi.fn()
  await forget()
  await feed.once(listener)
  await app.pgClient.exec(`begin; delete from collection; rollback`)
  expect(listener).not.toHaveBeenCalled()
  await write()
  await vi.waitUntil(() => listener.mock.calls.length > 0)
})

it('tells of the next change once, and of all changes as long as somebody listens', async () => {
  const feed = createChangeFeed(app.pgClient)
  const next = vi.fn()
  const every = vi.fn()
  await feed.once(next)
  const stop = await feed.subscribe(every)
  for (const count of [1, 2, 3]) {
    await write()
    await vi.waitUntil(() => every.mock.calls.length === count)
  }
  expect(next).toHaveBeenCalledTimes(1)
  stop()
})

it('misses nothing for who begins to listen while the last one ends', async () => {
  const feed = createChangeFeed(app.pgClient)
  const stopFirst = await feed.subscribe(() => undefined)
  const second = vi.fn()
  stopFirst()
  const stopSecond = await feed.subscribe(second)
  for (const count of [1, 2]) {
    await write()
    await vi.waitUntil(() => second.mock.calls.length === count)
  }
  stopSecond()
})

it('tells each change once after a listener could not be added', async () => {
  let isBroken = false
  const breaking: Pick<PGliteInterface, 'listen' | 'query'> = {
    listen: (...args) => app.pgClient.listen(...args),
    query: (...args) => (isBroken ? Promise.reject(new Error('broken')) : app.pgClient.query(...args)),
  }
  const feed = createChangeFeed(breaking)
  const first = vi.fn()
  const stopFirst = await feed.subscribe(first)
  isBroken = true
  await expect(feed.subscribe(() => undefined)).rejects.toThrow('broken')
  isBroken = false
  const stopSecond = await feed.subscribe(() => undefined)
  for (const count of [1, 2]) {
    await write()
    await vi.waitUntil(() => first.mock.calls.length >= count)
    expect(first).toHaveBeenCalledTimes(count)
  }
  stopFirst()
  stopSecond()
})

it('asks the next session, and says that any table may have changed', async () => {
  const feed = createChangeFeed(app.pgClient)
  const listener = vi.fn()
  const next = vi.fn()
  const stop = await feed.subscribe(listener)
  await feed.once(next)
  await forget()
  feed.missed()
  await vi.waitUntil(() => listener.mock.calls.length > 0)
  expect(listener.mock.calls).toEqual([[undefined]])
  expect(next).toHaveBeenCalledTimes(1)
  await write()
  await vi.waitUntil(() => listener.mock.calls.length > 1)
  stop()
})
