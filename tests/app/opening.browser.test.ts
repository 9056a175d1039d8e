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
  const { before, after, tellsQuota } = await page.evaluate(async (mode) => {
    const app = window.typyst.createIn(mode, { dataDir: `idb://status-${mode}` })
    const before = await app.status()
    await app.ready()
    const after = await app.status()
    await app.close()
    return { before, after, tellsQuota: 'storage' in navigator }
  }, mode)
  const isPersisted = tellsQuota ? false : undefined
  expect(before).toMatchObject({ kind: 'indexeddb', isPersistent: true, isPersisted, storage: undefined })
  expect(after).toMatchObject({ kind: 'indexeddb', isPersistent: true, storage: { phase: 'clean' } })
  expect(after.storage?.storedBytes).toBeGreaterThan(1_000_000)
  if (tellsQuota) expect(after.quotaBytes).toBeGreaterThan(after.usedBytes ?? Infinity)
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

it('does not fall back over data that are only out of reach', async () => {
  const outcome = await page.evaluate(async () => {
    const { typyst } = window
    const dataDir = 'idb://out-of-reach'
    const before = typyst.createAppDatabase({ dataDir })
    await before.db.insert(before.schema.collection).values({ id: 'c', name: 'Kept' })
    await before.close()
    const open = IDBFactory.prototype.open.bind(indexedDB)
    // What browsers say when their own storage fails them.
    const failures = ['AbortError', 'InvalidStateError', 'TimeoutError', 'UnknownError']
    const codes: unknown[] = []
    for (const name of failures) {
      Object.defineProperty(indexedDB, 'open', {
        configurable: true,
        value: () => {
          throw new DOMException('Of the moment.', name)
        },
      })
      const app = typyst.createAppDatabase({ dataDir, memoryFallback: true })
      codes.push((await typyst.failure(app.ready()))?.code)
      Object.defineProperty(indexedDB, 'open', { configurable: true, value: open })
      codes.push((await app.db.select().from(app.schema.collection)).map(({ name }) => name))
      await app.close()
    }
    return codes
  })
  // The last of them is got over: another window of the page has the storage.
  const codes = ['STORAGE_UNAVAILABLE', 'STORAGE_UNAVAILABLE', 'STORAGE_UNAVAILABLE', undefined]
  expect(outcome).toEqual(codes.flatMap((code) => [code, ['Kept']]))
})

it('tells of the storage what the browser tells, and nothing where it lacks the methods or refuses', async () => {
  const told = await page.evaluate(async () => {
    const { readStorageQuota, requestPersistence } = window.typyst
    const all: unknown[] = []
    const storages = [
      {},
      { persisted: () => Promise.resolve(true) },
      {
        persisted: () => Promise.reject(new TypeError('no')),
        estimate: () => {
          throw new DOMException('no', 'SecurityError')
        },
        persist: () => {
          throw new TypeError('no')
        },
      },
      undefined,
    ]
    for (const value of storages) {
      Object.defineProperty(navigator, 'storage', { configurable: true, value })
      all.push([
        (await readStorageQuota()).isPersisted,
        (await readStorageQuota()).quotaBytes,
        await requestPersistence(),
      ])
    }
    return all
  })
  expect(told).toEqual([
    [undefined, undefined, false],
    [true, undefined, false],
    [undefined, undefined, false],
    [undefined, undefined, false],
  ])
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
