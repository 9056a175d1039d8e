/** Measures one peer once, in a browser and a profile of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchChromium } from '../../tests/support/browsers/chromium.ts'
import { pageMemory } from './page-memory.ts'
import type { PeerName, Route } from './peers.ts'
import type { RoundFigures } from './figures.ts'
import type { BenchPage } from './serve-page.ts'

/** How many entries one bulk insert adds, and how many there are while single statements are timed. */
export const bulkCount = 10_000

/** Runs the whole workload. */
export async function measurePeer(site: BenchPage, peer: PeerName, sizes: readonly number[]): Promise<RoundFigures> {
  const profileDir = await mkdtemp(join(tmpdir(), 'typyst-bench-profile-'))
  try {
    await using browser = await launchChromium({ profileDir })
    const page = await browser.context.newPage()
    page.setDefaultTimeout(180_000)
    await page.goto(site.url)
    await page.evaluate((files) => window.bench.warm(files), site.files)
    return await measureOn(page, `${site.url}?peer=${peer}`, peer, sizes)
  } finally {
    await rm(profileDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

async function measureOn(page: Page, url: string, peer: PeerName, sizes: readonly number[]): Promise<RoundFigures> {
  const figures: Record<string, number> = {}
  const isStored = peer !== 'memory'
  /** A new document: nothing of the last one is left but the profile. */
  const open = async (figure: string): Promise<void> => {
    await page.goto(url)
    const { callMs, navigationMs } = await page.evaluate(() => window.bench.openingFigures())
    figures[figure] = callMs
    figures[`${figure}-navigation`] = navigationMs
  }
  const close = async (): Promise<void> => {
    await page.evaluate(() => window.bench.close())
  }
  const reopen = async (size: number): Promise<void> => {
    if (!isStored) return
    await close()
    figures[`stored-${size}`] = await page.evaluate(() => window.bench.storedBytes())
    await open(`reopen-${size}`)
    Object.assign(figures, await pageMemory(page, `-${size}`))
  }
  const bulk = async (route: Route, from: number, to: number): Promise<number | undefined> =>
    page.evaluate(([route, from, to]) => window.bench.timeBulk(route, from, to), [route, from, to] as const)

  await open('first-open')
  await page.evaluate(() => window.bench.addCollection())
  if (sizes.includes(0)) await reopen(0)

  let present = bulkCount
  figures['bulk-raw'] = (await bulk('raw', 0, present)) ?? NaN
  const timed = await page.evaluate((present) => window.bench.timeStatements(present), present)
  present = timed.present
  for (const [route, { insertMs, selectMs, newestMs }] of Object.entries(timed.routes)) {
    figures[`insert-${route}`] = insertMs
    figures[`select-${route}`] = selectMs
    figures[`newest-${route}`] = newestMs
  }
  if (isStored) figures['written'] = await page.evaluate((present) => window.bench.countInsertBytes(present), present)
  // More than were counted: the numbers only have to be free.
  present += 100
  if (sizes.includes(bulkCount)) {
    await reopen(bulkCount)
    // Left as tabs are left: nothing is closed.
    if (isStored) await open(`reopen-${bulkCount}-left`)
  }
  // Whoever has no such route is asked by its own, so that all add to the same.
  const added =
    (await bulk('drizzle', present, present + bulkCount)) ?? (await bulk('raw', present, present + bulkCount))
  figures['bulk-drizzle'] = added ?? NaN
  present += bulkCount
  for (const size of isStored ? sizes.filter((size) => size > bulkCount) : []) {
    for (; present < size; present += bulkCount) await bulk('raw', present, Math.min(present + bulkCount, size))
    await reopen(size)
  }
  return figures
}
