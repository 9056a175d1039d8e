/** What tabs are told when the one that leads fails them: while they destroy, and in relaxed mode. */
import type { TestPage } from '../../support/browsers/test-browser.ts'
import { expect, it } from 'vitest'
import { useTabs } from '../../support/test-page.ts'
import { holdStorage } from './hold-storage.ts'
import { addCollection, closeAll, collectionIds, openShared, openSharedTabs, roleOf } from './shared-page.ts'

const tabs = useTabs()

/** Waits for as long as a test may take: on a busy machine an opening takes seconds. */
const untilTold = (page: TestPage, type: string) =>
  page.waitForFunction((type) => window.events.includes(type), type, { timeout: 0 })
const untilLeading = (page: TestPage) =>
  page.waitForFunction(async () => (await window.app.status()).role === 'leader', undefined, { timeout: 0 })
const failureOf = (page: TestPage, method: 'destroy' | 'flush' | 'ready') =>
  page.evaluate(async (method) => (await window.typyst.failure(window.app[method]()))?.code, method)

it(
  'destroy() ends with a code while the leader stands still, closes every tab, and is made good when it wakes up',
  { tags: 'long' },
  async () => {
    const options = { leaderTimeoutMs: 1500 }
    const pages = await openSharedTabs(tabs, 'idb://stopped', ['first', 'second', 'third'], options)
    const { first, second, third } = pages
    expect(await addCollection(first, 'to be gone')).toBeUndefined()
    const processId = await tabs.browser.processOf(first)
    process.kill(processId, 'SIGSTOP')
    try {
      // The leader never answers, so an end of this is one that somebody else has put to it.
      expect(await failureOf(second, 'destroy')).toBe('STORAGE_BLOCKED')
      expect(await addCollection(second, 'late')).toBe('CLOSED')
      await untilTold(third, 'destroyed')
      expect(await addCollection(third, 'late')).toBe('CLOSED')
    } finally {
      process.kill(processId, 'SIGCONT')
    }
    await untilTold(first, 'destroyed')
    expect(await addCollection(first, 'late')).toBe('CLOSED')
    expect(await openShared(third, 'idb://stopped', options)).toBeUndefined()
    expect(await collectionIds(third)).toEqual([])
    await closeAll(pages)
  },
)

it('destroy() reaches tabs whose own worker stands still, and can be asked for by two at once', async () => {
  const pages = await openSharedTabs(tabs, 'idb://twice', ['first', 'second', 'third'])
  const { first, second, third } = pages
  const asleep = third.evaluate(() => {
    const until = performance.now() + 2000
    while (performance.now() < until);
  })
  expect(await Promise.all([failureOf(first, 'destroy'), failureOf(second, 'destroy')])).toEqual([undefined, undefined])
  await asleep
  await untilTold(third, 'destroyed')
  expect(await third.evaluate(() => window.events)).toEqual(['destroyed'])
  await closeAll(pages)
})

it('in relaxed mode, a change is lost with the leader, never half of it, and flush() says so once', async () => {
  const pages = await openSharedTabs(tabs, 'idb://relaxed-loss', ['first', 'second'], { durability: 'relaxed' })
  const { first, second } = pages
  expect(await addCollection(second, 'stored')).toBeUndefined()
  expect(await failureOf(second, 'flush')).toBeUndefined()
  // From here on the leader stores nothing: its disk does not answer.
  await first.evaluate(() => window.typyst.workers.at(-1)?.postMessage({ withholdStorage: true }))
  expect(await addCollection(second, 'lost')).toBeUndefined()
  const before = await collectionIds(second)
  await second.evaluate(async () => {
    const { db, schema } = window.app
    await db.transaction(async (tx) => {
      await tx.insert(schema.collection).values({ id: 'half', name: 'One half' })
      await tx.insert(schema.collection).values({ id: 'other half', name: 'The other' })
    })
  })
  expect((await collectionIds(second)).length).toBe(before.length + 2)
  await first.evaluate(() => window.typyst.workers.at(-1)?.terminate())

  await untilTold(second, 'leader-changed')
  expect(await failureOf(second, 'flush')).toBe('LEADER_CHANGED')
  expect(await collectionIds(second)).toEqual(['stored'])
  expect(await addCollection(second, 'again')).toBeUndefined()
  expect(await failureOf(second, 'flush')).toBeUndefined()
  expect(await collectionIds(first)).toEqual(['again', 'stored'])
  await closeAll(pages)
})

it('in relaxed mode, a flush() under way when the leader goes does not claim that everything is stored', async () => {
  const pages = await openSharedTabs(tabs, 'idb://relaxed-flush', ['first', 'second'], { durability: 'relaxed' })
  const { first, second } = pages
  expect(await failureOf(second, 'flush')).toBeUndefined()
  await first.evaluate(() => window.typyst.workers.at(-1)?.postMessage({ withholdStorage: true }))
  expect(await addCollection(second, 'lost')).toBeUndefined()
  const flushing = failureOf(second, 'flush')
  // Behind the flush, in the order in which the leader works.
  await second.evaluate(() => Promise.race([window.app.pgClient.query('select 1'), Promise.resolve()]))
  await first.evaluate(() => window.typyst.workers.at(-1)?.terminate())
  expect(await flushing).toBe('LEADER_CHANGED')
  expect(await collectionIds(second)).toEqual([])
  await closeAll(pages)
})

it(
  'a page that stands still with the storage in its hands costs nobody more than the stated time',
  { tags: 'long' },
  async () => {
    const pages = await openSharedTabs(tabs, 'idb://held', ['first', 'second', 'third'], { leaderTimeoutMs: 1500 })
    const { first, second, third } = pages
    expect(await addCollection(second, 'before')).toBeUndefined()
    await third.evaluate(() => window.app.close())
    const letGo = await holdStorage(third, 'held')
    expect(await addCollection(second, 'held up')).toBe('STORAGE_BLOCKED')
    await first.close()
    // The next leader cannot open what is held. What may have reached the one before is not known then.
    expect(['STORAGE_BLOCKED', 'LEADER_CHANGED']).toContain(await addCollection(second, 'may have been sent'))
    expect(await addCollection(second, 'never sent')).toBe('STORAGE_BLOCKED')
    await letGo()
    await expect.poll(() => addCollection(second, crypto.randomUUID())).toBeUndefined()
    const ids = await collectionIds(second)
    expect(ids).toContain('before')
    expect(ids).not.toContain('never sent')
    await closeAll({ second, third })
  },
)

it('a tab with stock PGlite in it keeps the database, and the others are told', { tags: 'long' }, async () => {
  const [stock, tab] = [await tabs.open(), await tabs.open()]
  await stock.evaluate(async () => {
    const { PGlite } = await window.typyst.loadPGlite()
    Object.assign(window, { stock: await PGlite.create('idb://stock-busy') })
  })
  expect(await openShared(tab, 'idb://stock-busy', { leaderTimeoutMs: 60_000 })).toBe('DATABASE_IN_USE')
  // The browser still waits on behalf of the first attempt.
  expect(await openShared(tab, 'idb://stock-busy', { leaderTimeoutMs: 60_000 })).toBe('DATABASE_IN_USE')
  await stock.close()
  await expect.poll(() => openShared(tab, 'idb://stock-busy')).toBeUndefined()
  await tab.close()
})

it(
  'a leader that was deposed and leads again serves its own tab, and those that follow it',
  { tags: 'long' },
  async () => {
    const pages = await openSharedTabs(tabs, 'idb://again', ['first', 'second'])
    const { first, second } = pages
    const depose = () =>
      first.evaluate(() => navigator.locks.request('@typyst/db:again', { steal: true }, () => undefined))
    expect(await addCollection(second, 'before')).toBeUndefined()
    // The lock goes to the second, and by the same way back to the first, which waits for it again.
    for (const [leader, follower] of [
      [second, first],
      [first, second],
    ] as const) {
      await depose()
      await untilLeading(leader)
      expect(await addCollection(follower, crypto.randomUUID())).toBeUndefined()
      expect(await addCollection(leader, crypto.randomUUID())).toBeUndefined()
    }
    await second.evaluate(() => window.app.close())
    await depose()
    expect(await addCollection(first, 'alone')).toBeUndefined()
    expect(await roleOf(first)).toBe('leader')
    expect(await collectionIds(first)).toHaveLength(6)
    await closeAll(pages)
  },
)

it('memory:// behind a worker is each tab its own, and gone with it', { tags: 'long' }, async () => {
  const pages = await openSharedTabs(tabs, 'memory://', ['first', 'second'])
  const { first, second } = pages
  expect(await addCollection(first, 'mine')).toBeUndefined()
  expect(await collectionIds(second)).toEqual([])
  expect(await Promise.all([roleOf(first), roleOf(second)])).toEqual(['leader', 'leader'])
  const { kind, isPersistent, storage } = await first.evaluate(() => window.app.status())
  expect({ kind, isPersistent, storage }).toEqual({ kind: 'memory', isPersistent: false, storage: undefined })
  expect(await failureOf(first, 'flush')).toBeUndefined()
  await first.evaluate(() => window.app.close())
  expect(await openShared(first, 'memory://')).toBeUndefined()
  expect(await collectionIds(first)).toEqual([])
  expect(await failureOf(first, 'destroy')).toBeUndefined()
  expect(await addCollection(first, 'late')).toBe('CLOSED')
  await closeAll(pages)
})

it('a worker in a loop without an end is replaced, and its tab goes on with another one', async () => {
  const pages = await openSharedTabs(tabs, 'idb://endless', ['first', 'second'], { leaderTimeoutMs: 1500 })
  const { first, second } = pages
  expect(await addCollection(first, 'before')).toBeUndefined()
  await first.evaluate(() => window.typyst.workers.at(-1)?.postMessage({ standStillMs: 1e9 }))
  const own = addCollection(first, 'of its own tab')
  expect(await addCollection(second, 'of another')).toBeUndefined()
  expect(await own).toBeUndefined()
  expect(await collectionIds(first)).toEqual(['before', 'of another', 'of its own tab'])
  expect(await Promise.all([roleOf(first), roleOf(second)])).toEqual(['follower', 'leader'])
  await closeAll(pages)
})

it(
  'a statement without an end, which other tabs wait for, is given up after three leaders',
  { tags: 'long' },
  async () => {
    const pages = await openSharedTabs(tabs, 'idb://endless-sql', ['first', 'second', 'third'], {
      leaderTimeoutMs: 1000,
    })
    const { second, third } = pages
    const endless = second.evaluate(async () => {
      const failed = await window.typyst.failure(window.app.pgClient.exec('do $$ begin loop end loop; end $$'))
      return failed?.code
    })
    await second.evaluate(() => undefined)
    expect(await addCollection(third, 'behind it')).toBeUndefined()
    expect(await endless).toBe('LEADER_CHANGED')
    expect(await collectionIds(third)).toEqual(['behind it'])
    await closeAll(pages)
  },
)
