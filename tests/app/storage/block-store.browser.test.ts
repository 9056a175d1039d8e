/** The block store alone, under PGlite's real frontend, in a real browser's IndexedDB. */
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { serveStoragePage } from './storage-page.ts'

let page: Page

beforeAll(async () => {
  const server = await serveStoragePage()
  const browser = await launchChromium()
  page = await browser.context.newPage()
  await page.goto(server.url)
  return async () => {
    await browser[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
})

/** Fixed, so that a failure is the same on every machine; `STORAGE_SEED` tries another. */
const seed = Number(process.env['STORAGE_SEED'] ?? 20_260)
const runs = Number(process.env['STORAGE_RUNS'] ?? 60)

for (const durability of ['strict', 'relaxed'] as const) {
  test(`gives back what memory held after any sequence of changes (${durability})`, async () => {
    const options = { seed, runs, durability, withFaults: false }
    const { report } = await page.evaluate((given) => window.storage.checkStoreProperty(given), options)
    expect(report).toBe('')
  })

  test(`makes up for every flush that failed, aborted or lost its connection (${durability})`, async () => {
    const options = { seed, runs, durability, withFaults: true }
    const { report } = await page.evaluate((given) => window.storage.checkStoreProperty(given), options)
    expect(report).toBe('')
  })
}
