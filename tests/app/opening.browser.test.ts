/** What an app is told while a database opens, how it stands, and what happens where there is no storage. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import type { TestBrowser } from '../support/chromium.ts'

let browser: TestBrowser
let page: Page
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser[Symbol.asyncDispose]())
beforeEach(async () => {
  page = await browser.context.newPage()
  await page.goto(inject('pageUrl'))
  return () => page.close()
})

it('tells of each phase of an opening, in order, once', async () => {
  const seen = await page.evaluate(async () => {
    const seen: { phase: string; fraction: number }[] = []
    const app = window.typyst.createAppDatabase({
      dataDir: 'idb://progress',
      onProgress: (progress) => seen.push(progress),
    })
    const before = seen.length
    await Promise.all([app.ready(), app.ready()])
    await app.close()
    return { before, seen }
  })
  expect(seen.before).toBe(0)
  expect(seen.seen.map(({ phase }) => phase)).toEqual(['download', 'load', 'start', 'migrate'])
  const fractions = seen.seen.map(({ fraction }) => fraction)
  expect(fractions.toSorted((left, right) => left - right)).toEqual(fractions)
})

it('fetches the code on preload and opens nothing', async () => {
  const wanted: string[] = []
  page.on('request', (request) => wanted.push(new URL(request.url()).pathname))
  const databases = await page.evaluate(async () => {
    const app = window.typyst.createAppDatabase({ dataDir: 'idb://preloaded' })
    await app.preload()
    return (await indexedDB.databases()).map(({ name }) => name)
  })
  expect(databases.filter((name) => name?.includes('preloaded'))).toEqual([])
  const fetched = wanted.filter((path) => path.endsWith('.js')).length
  expect(fetched).toBeGreaterThan(0)
})

it('says where the database lies and how its storage stands', async () => {
  const { before, after } = await page.evaluate(async () => {
    const app = window.typyst.createAppDatabase({ dataDir: 'idb://status' })
    const before = await app.status()
    await app.ready()
    const after = await app.status()
    await app.close()
    return { before, after }
  })
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
