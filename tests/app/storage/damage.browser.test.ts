/** A short round of the damages that `npm run test:damage` does by the thousand. */
import { expect, test } from 'vitest'
import { launchChromium } from '../../support/browsers/chromium.ts'
import { serveStoragePage } from './storage-page.ts'

/** Fixed, so that a failure is the same on every machine; `DAMAGE_SEED` tries another. */
const seed = Number(process.env['DAMAGE_SEED'] ?? 7)

test('every damage to a store is refused with a code, or changes nothing', async () => {
  await using server = await serveStoragePage()
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await page.goto(server.url)
  const run = (given: number) =>
    window.storage.runDamages({ seed: given, beginning: 'format 1', sessions: 3, damages: 50, usedOn: 1 })
  const report = await page.evaluate(run, seed)
  expect(report.wrong).toEqual([])
  expect(report.refused['STORAGE_DAMAGED']).toBeGreaterThan(20)
})
