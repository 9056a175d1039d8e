/** Measures one contender in a browser of its own with an empty profile. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../../tests/support/chromium.ts'

/** Milliseconds, except where the name says otherwise. */
export type Measures = Readonly<Record<string, number>>

/** How many operations stand behind each median. */
const [inserts, reads] = [50, 50]

/** Runs every measurement once. */
export async function measure(pageUrl: string, name: string, isShort: boolean): Promise<Measures> {
  const profileDir = await mkdtemp(join(tmpdir(), 'typyst-bench-'))
  const browser = await launchChromium({ profileDir })
  try {
    const { context } = browser
    const measures: Record<string, number> = {}
    let page = await newPage(context, pageUrl)
    measures['first open'] = await page.evaluate((given) => window.bench.open(given), name)
    measures['one insert'] = await page.evaluate((times) => window.bench.insert(times, 'one-'), inserts)
    measures['one insert, raw'] = await page.evaluate((times) => window.bench.insertRaw(times, 'raw-'), inserts)
    const written = await writtenBytes(context)
    await page.evaluate((times) => window.bench.insertRaw(times, 'counted-'), inserts)
    measures['bytes written per insert'] = ((await writtenBytes(context)) - written) / inserts
    page = await reopen(page, context, pageUrl, name, measures, 'reopen, empty')
    measures['10,000 in bulk'] = await page.evaluate(() => window.bench.insertMany(10_000, 'bulk-'))
    measures['select by key'] = await page.evaluate((times) => window.bench.byKey(times, 'bulk-'), reads)
    measures['newest 50'] = await page.evaluate((times) => window.bench.newest50(times), reads)
    measures['one insert at 10,000'] = await page.evaluate((times) => window.bench.insert(times, 'late-'), inserts)
    measures['bytes stored at 10,000'] = await page.evaluate(() => window.bench.storedBytes())
    page = await reopen(page, context, pageUrl, name, measures, 'reopen at 10,000')
    if (!isShort) {
      await page.evaluate(() => window.bench.insertMany(40_000, 'more-'))
      measures['bytes stored at 50,000'] = await page.evaluate(() => window.bench.storedBytes())
      page = await reopen(page, context, pageUrl, name, measures, 'reopen at 50,000')
    }
    return measures
  } finally {
    await browser[Symbol.asyncDispose]()
    await rm(profileDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function newPage(context: BrowserContext, pageUrl: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(pageUrl)
  return page
}

async function reopen(
  page: Page,
  context: BrowserContext,
  pageUrl: string,
  name: string,
  measures: Record<string, number>,
  key: string,
): Promise<Page> {
  // What memory holds is gone with the page.
  if (name === 'memory') return page
  await page.evaluate(() => window.bench.close())
  await page.close()
  const next = await newPage(context, pageUrl)
  measures[key] = await next.evaluate((given) => window.bench.open(given), name)
  return next
}

/** Bytes the browser's processes have handed to the disk, as Linux counts them. */
async function writtenBytes(context: BrowserContext): Promise<number> {
  const devtools = await context.browser()?.newBrowserCDPSession()
  const { processInfo = [] } = (await devtools?.send('SystemInfo.getProcessInfo')) ?? {}
  const counts = await Promise.all(
    processInfo.map(async ({ id }) => {
      const text = await readFile(`/proc/${id}/io`, 'utf8').catch(() => '')
      return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1] ?? 0)
    }),
  )
  return counts.reduce((total, count) => total + count, 0)
}
