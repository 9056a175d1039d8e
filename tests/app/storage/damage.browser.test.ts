/** A short round of the damages that `npm run test:damage` does by the thousand. */
import { expect, test } from 'vitest'
import { launchChromium } from '../../support/browsers/chromium.ts'
import { serveStoragePage } from './storage-page.ts'
import { isLong } from '../../support/rounds.ts'

/** Fixed, so that a failure is the same on every machine; `DAMAGE_SEED` tries another. */
const seed = Number(process.env['DAMAGE_SEED'] ?? 7)
const damages = isLong ? 50 : 20

test('every damage to a store is refused with a code, or changes nothing', async () => {
  await using server = await serveStoragePage()
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await page.goto(server.url)
  const report = await page.evaluate(
    (given) => window.storage.runDamages({ ...given, beginning: 'format 1', sessions: 3, usedOn: 1 }),
    { seed, damages },
  )
  expect(report.wrong).toEqual([])
  expect(report.refused['STORAGE_DAMAGED']).toBeGreaterThan(damages / 3)
})
