/** What an origin is granted in the browser, and when there is no room left: set with Chromium's developer tools. */
import type { CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { launchChromium } from '../../support/browsers/chromium.ts'
import type { ChromiumBrowser } from '../../support/browsers/chromium.ts'

let browser: ChromiumBrowser
let page: Page
let devtools: CDPSession
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser[Symbol.asyncDispose]())
beforeEach(async () => {
  await openPage(browser)
  return () => page.close()
})

async function openPage({ context }: ChromiumBrowser): Promise<void> {
  page = await context.newPage()
  // One for a whole test: what it overrides ends with it.
  devtools = await context.newCDPSession(page)
  await page.goto(inject('pageUrl'))
}

/** Opens a database, and gives the code it failed with and the names of its collections. */
async function open(name: string): Promise<{ code: string | undefined; names: string[] }> {
  return page.evaluate(async (dataDir) => {
    const app = window.typyst.createAppDatabase({ dataDir })
    const failed = await window.typyst.failure(app.ready())
    const names = failed ? [] : (await app.db.select().from(app.schema.collection)).map(({ name }) => name)
    await app.close()
    return { code: failed?.code, names }
  }, `idb://${name}`)
}

const databaseNames = () =>
  page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? '').sort())

/** Lets the origin have this many bytes more than it uses now; as many as the disk has without a number. */
async function leaveRoom(bytes?: number): Promise<void> {
  const origin = new URL(inject('pageUrl')).origin
  const { usage } = await devtools.send('Storage.getUsageAndQuota', { origin })
  await devtools.send('Storage.overrideQuotaForOrigin', {
    origin,
    ...(bytes === undefined ? {} : { quotaSize: usage + bytes }),
  })
}

/** Begins to use a database in the page, as `window.app`. */
async function keepOpen(name: string, durability: 'strict' | 'relaxed'): Promise<void> {
  await page.evaluate((options) => Object.assign(window, { app: window.typyst.createAppDatabase(options) }), {
    dataDir: `idb://${name}`,
    durability,
  })
}

/** Inserts a row of 3 MB, and gives the code it failed with. */
function insertLarge(id: string): Promise<string | undefined> {
  return page.evaluate(async (id) => {
    const { app, typyst } = window
    // Random, so that nothing on the way makes it smaller.
    const random = () => crypto.getRandomValues(new Uint32Array(16_000)).join('')
    const description = Array.from({ length: 20 }, random).join('')
    return (await typyst.failure(app.db.insert(app.schema.collection).values({ id, name: id, description })))?.code
  }, id)
}

/** Inserts until something fails, and gives the names of what was inserted, the last one included, and the code. */
async function fill(): Promise<{ inserted: string[]; code: string | undefined }> {
  const inserted: string[] = []
  let code: string | undefined
  while (code === undefined && inserted.length < 20) {
    inserted.push(`row-${inserted.length}`)
    code = await insertLarge(inserted.at(-1) ?? '')
  }
  return { inserted, code }
}

describe('no room', () => {
  // Chromium remembers for 30 s how much room an origin had, so each test has a browser of its own, and takes the room
  // away before it opens a database.
  beforeEach(async () => {
    const own = await launchChromium()
    await openPage(own)
    return () => own[Symbol.asyncDispose]()
  })

  it('fails with STORAGE_FULL, loses nothing, and goes on when there is room again', async () => {
    await leaveRoom(20_000_000)
    await keepOpen('full', 'strict')
    const names = () =>
      page.evaluate(async () => {
        const { app, typyst } = window
        const failed = await typyst.failure(app.pgClient.query('select 1'))
        if (failed) return [failed.code]
        return (await app.db.select({ name: app.schema.collection.name }).from(app.schema.collection)).map(
          ({ name }) => name,
        )
      })

    const { inserted, code } = await fill()
    expect(code).toBe('STORAGE_FULL')
    // Postgres has a row that the disk has not: what writes fails until that could be stored, what reads goes on.
    expect((await names()).toSorted()).toEqual(inserted.toSorted())
    const write = () =>
      page.evaluate(async () => {
        const writing = window.app.pgClient.exec(
          "update collection set name = name where name like 'x%'; create table t(); drop table t",
        )
        return (await window.typyst.failure(writing))?.code
      })
    expect(await write()).toBe('STORAGE_FULL')
    expect((await names()).toSorted()).toEqual(inserted.toSorted())
    await leaveRoom()
    await expect.poll(write).toBeUndefined()
    await page.reload()
    expect((await open('full')).names.toSorted()).toEqual(inserted.toSorted())
  })

  it(
    'cannot be closed in relaxed mode while acknowledged changes have no room, and can be afterwards',
    { tags: 'long' },
    async () => {
      await leaveRoom(20_000_000)
      await keepOpen('full-at-close', 'relaxed')
      const { inserted, code } = await fill()
      expect(code).toBe('STORAGE_FULL')
      const close = () => page.evaluate(async () => (await window.typyst.failure(window.app.close()))?.code)
      expect(await close()).toBe('STORAGE_FULL')
      await leaveRoom()
      await expect.poll(close).toBeUndefined()
      expect((await open('full-at-close')).names.toSorted()).toEqual(inserted.slice(0, -1).toSorted())
    },
  )

  it('closes in strict mode, where everything acknowledged is stored', { tags: 'long' }, async () => {
    await leaveRoom(20_000_000)
    await keepOpen('full-strict', 'strict')
    const { inserted } = await fill()
    expect(await page.evaluate(async () => window.typyst.failure(window.app.close()))).toBeUndefined()
    await leaveRoom()
    expect((await open('full-strict')).names).toEqual(expect.arrayContaining(inserted.slice(0, -1)))
  })
})

describe('site data cleared while it is open', () => {
  it('fails with STORAGE_DAMAGED and puts nothing into the new, empty database', async () => {
    await keepOpen('cleared', 'strict')
    expect(await insertLarge('before')).toBeUndefined()
    await devtools.send('Storage.clearDataForOrigin', {
      origin: new URL(inject('pageUrl')).origin,
      storageTypes: 'indexeddb',
    })
    expect(await insertLarge('after')).toBe('STORAGE_DAMAGED')
    expect(await databaseNames()).not.toContain('typyst-db/cleared')
    await page.reload()
    expect((await open('cleared')).names).toEqual([])
  })
})

describe('what the browser grants', () => {
  it('is told with the status, and grows with what is stored', async () => {
    const status = () =>
      page.evaluate(async () => {
        const { isPersistent, isPersisted, usedBytes, quotaBytes, storage } = await window.app.status()
        return { isPersistent, isPersisted, usedBytes, quotaBytes, phase: storage?.phase }
      })
    await keepOpen('granted', 'strict')
    expect(await insertLarge('first')).toBeUndefined()
    const before = await status()
    expect(before).toMatchObject({ isPersistent: true, isPersisted: false, phase: 'clean' })
    expect(before.quotaBytes).toBeGreaterThan(before.usedBytes ?? Infinity)
    expect(await insertLarge('second')).toBeUndefined()
    expect((await status()).usedBytes).toBeGreaterThan(before.usedBytes ?? Infinity)
  })

  it('includes to keep the data, where the browser agrees', async () => {
    const request = () => page.evaluate(() => window.typyst.requestPersistence())
    const isPersisted = () => page.evaluate(async () => (await window.typyst.readStorageQuota()).isPersisted)
    const { origin } = new URL(inject('pageUrl'))
    expect([await request(), await isPersisted()]).toEqual([false, false])
    await devtools.send('Browser.grantPermissions', { origin, permissions: ['durableStorage'] })
    expect([await request(), await isPersisted()]).toEqual([true, true])
  })
})
