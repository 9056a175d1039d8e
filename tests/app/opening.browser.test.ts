/** What an app is told while a database opens, how it stands, and what happens where there is no storage. */
import type { TestPage } from '../support/browsers/test-browser.ts'
import { beforeEach, expect, it } from 'vitest'
import { modes, useTabs } from '../support/test-page.ts'

const tabs = useTabs()
let page: TestPage
beforeEach(async () => {
  page = await tabs.open()
  return () => page.close()
})

it.each(modes)('tells of each phase of an opening, in order, once, engine in the %s', async (mode) => {
  const seen = await page.evaluate(async (mode) => {
    const seen: { phase: string; fraction: number }[] = []
    const app = window.typyst.createIn(mode, {
      dataDir: `idb://progress-${mode}`,
      onProgress: (progress) => seen.push(progress),
    })
    const before = seen.length
    await Promise.all([app.ready(), app.ready()])
    await app.close()
    return { before, seen }
  }, mode)
  expect(seen.before).toBe(0)
  expect(seen.seen.map(({ phase }) => phase)).toEqual(['download', 'load', 'start', 'migrate'])
  const fractions = seen.seen.map(({ fraction }) => fraction)
  expect(fractions.toSorted((left, right) => left - right)).toEqual(fractions)
})

it.each(modes)('says where the database lies and how its storage stands, engine in the %s', async (mode) => {
  const { before, after } = await page.evaluate(async (mode) => {
    const app = window.typyst.createIn(mode, { dataDir: `idb://status-${mode}` })
    const before = await app.status()
    await app.ready()
    const after = await app.status()
    await app.close()
    return { before, after }
  }, mode)
  expect(before).toMatchObject({ kind: 'indexeddb', isPersistent: true, isPersisted: false, storage: undefined })
  expect(after).toMatchObject({ kind: 'indexeddb', isPersistent: true, storage: { phase: 'clean' } })
  expect(after.storage?.storedBytes).toBeGreaterThan(1_000_000)
  expect(after.quotaBytes).toBeGreaterThan(after.usedBytes ?? Infinity)
})

it('opens in memory where there is no storage, only when asked to, and says so', async () => {
  const outcome = await page.evaluate(async () => {
    const { typyst } = window
    Reflect.deleteProperty(window, 'indexedDB')
    Object.defineProperty(window, 'indexedDB', {
      value: {
        open: () => {
          throw new DOMException('The user denied permission.', 'SecurityError')
        },
      },
    })
    const refused = await typyst.failure(typyst.createAppDatabase({ dataDir: 'idb://denied' }).ready())
    const app = typyst.createAppDatabase({ dataDir: 'idb://denied', memoryFallback: true })
    await app.db.insert(app.schema.collection).values({ id: 'c', name: 'Short-lived' })
    const { kind, isPersistent, fallbackCause } = await app.status()
    const count = await app.db.$count(app.schema.collection)
    await app.close()
    return { refused: refused?.code, kind, isPersistent, code: fallbackCause?.code, count }
  })
  expect(outcome).toEqual({
    refused: 'STORAGE_UNAVAILABLE',
    kind: 'memory',
    isPersistent: false,
    code: 'STORAGE_UNAVAILABLE',
    count: 1,
  })
})

it('does not fall back while another opener has the database', async () => {
  const code = await page.evaluate(async () => {
    const holder = window.typyst.createAppDatabase({ dataDir: 'idb://held' })
    await holder.ready()
    const other = window.typyst.createAppDatabase({ dataDir: 'idb://held', memoryFallback: true })
    const failed = await window.typyst.failure(other.ready())
    await holder.close()
    return failed?.code
  })
  expect(code).toBe('DATABASE_IN_USE')
})
