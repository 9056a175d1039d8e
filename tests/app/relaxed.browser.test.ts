/** `durability: 'relaxed'`: what was acknowledged is stored soon, and at the latest when the page goes away. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import type { TestBrowser } from '../support/chromium.ts'

let browser: TestBrowser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser[Symbol.asyncDispose]())

async function openTab(): Promise<Page> {
  const page = await browser.context.newPage()
  await page.goto(inject('pageUrl'))
  return page
}

/** The ids a new tab finds. */
async function storedIds(dataDir: string): Promise<string[]> {
  const page = await openTab()
  const ids = await page.evaluate(async (dataDir) => {
    const app = window.typyst.createAppDatabase({ dataDir })
    const rows = await app.db.select().from(app.schema.collection)
    await app.close()
    return rows.map(({ id }) => id)
  }, dataDir)
  await page.close()
  return ids
}

it('stores what was acknowledged when the page is left in the same moment', async () => {
  const page = await openTab()
  const leaving = page.evaluate(async () => {
    const app = window.typyst.createAppDatabase({ dataDir: 'idb://left', durability: 'relaxed' })
    await app.ready()
    await app.flush()
    await app.db.insert(app.schema.collection).values({ id: 'last', name: 'Last words' })
    location.href = 'about:blank'
  })
  // The page may be gone before it can answer.
  await Promise.all([page.waitForURL('about:blank'), leaving.catch(() => undefined)])
  await page.close()
  expect(await storedIds('idb://left')).toEqual(['last'])
})

it('stores what was acknowledged when it is closed, and when it is told to', async () => {
  const page = await openTab()
  const phases = await page.evaluate(async () => {
    const phases: string[] = []
    const app = window.typyst.createAppDatabase({
      dataDir: 'idb://closed',
      durability: 'relaxed',
      onStorageChange: ({ phase }) => phases.push(phase),
    })
    await app.ready()
    await app.db.insert(app.schema.collection).values({ id: 'flushed', name: 'Flushed' })
    const waiting = (await app.status()).storage?.phase
    await app.flush()
    const stored = (await app.status()).storage?.phase
    await app.db.insert(app.schema.collection).values({ id: 'closed', name: 'Closed' })
    await app.close()
    return { waiting, stored, last: phases.at(-1) }
  })
  expect(phases).toEqual({ waiting: 'pending', stored: 'clean', last: 'closed' })
  await page.close()
  expect((await storedIds('idb://closed')).toSorted()).toEqual(['closed', 'flushed'])
})
