/** The block store alone, under PGlite's real frontend, in a real browser's IndexedDB. */
import { beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../../support/browsers/launch-browser.ts'
import type { TestPage } from '../../support/browsers/test-browser.ts'
import { browserName } from '../../support/test-page.ts'
import { serveStoragePage } from './storage-page.ts'
import { isLong } from '../../support/rounds.ts'

let page: TestPage

beforeAll(async () => {
  const server = await serveStoragePage()
  const browser = await launchBrowser(browserName())
  page = await browser.newPage()
  await page.goto(server.url)
  return async () => {
    await browser[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
})

/** Fixed, so that a failure is the same on every machine; `STORAGE_SEED` tries another. */
const seed = Number(process.env['STORAGE_SEED'] ?? 20_260)
const runs = Number(process.env['STORAGE_RUNS'] ?? (isLong ? 35 : 8))

// Firefox would store half of what is written into blocks if it were told to commit.
const clean = { report: '', leftOpen: browserName() === 'firefox' ? (expect.any(Number) as number) : 0 }

for (const durability of ['strict', 'relaxed'] as const) {
  test(`gives back what memory held after any sequence of changes (${durability})`, async () => {
    const options = { seed, runs, durability, withFaults: false }
    expect(await page.evaluate((given) => window.storage.checkStoreProperty(given), options)).toEqual(clean)
  })

  test(`makes up for every flush that failed, aborted or lost its connection (${durability})`, async () => {
    const options = { seed, runs, durability, withFaults: true }
    expect(await page.evaluate((given) => window.storage.checkStoreProperty(given), options)).toEqual(clean)
  })
}

test('fails in time while another page stands still with all of it in its hands, and makes up for it', async () => {
  expect(await page.evaluate(() => window.storage.runHeldStore('held'))).toEqual({
    flush: 'STORAGE_BLOCKED',
    nextFlush: 'STORAGE_BLOCKED',
    large: 'STORAGE_BLOCKED',
    open: 'STORAGE_BLOCKED',
    missing: undefined,
    pushedAside: 'DATABASE_IN_USE',
  })
})

test('stores nothing of a flush whose number another leader has taken', async () => {
  const run = () => window.storage.runOvertakenStore('overtaken')
  expect(await page.evaluate(run)).toEqual({ code: 'DATABASE_IN_USE', stored: undefined })
})

test.each([
  [1, undefined],
  [2, undefined],
  [3, 'DATABASE_IN_USE'],
])('reads again when somebody else stores a mark meanwhile, %s times in a row', async (marks, outcome) => {
  const run = (count: number) => window.storage.runDisturbedStore(`disturbed-${count}`, count)
  expect(await page.evaluate(run, marks)).toBe(outcome)
})

test('takes the next number when a predecessor took the one that was to be its own', async () => {
  expect(await page.evaluate(() => window.storage.runContestedStore('contested', 3))).toBeUndefined()
})

test.each([
  ['abort', 1],
  ['close', 1],
  ['stored-but-failed', 1],
  ['abort', 2],
  ['close', 2],
  ['stored-but-failed', 2],
] as const)(
  'keeps what Postgres acknowledged when IndexedDB fails at every n-th operation (%s, %s times)',
  async (kind, times) => {
    const operations = 12
    const report = await page.evaluate((given) => window.storage.runPostgresFaults(...given), [
      kind,
      times,
      operations,
    ] as const)
    expect(report.faults).toBeGreaterThan(4)
    // A single failure is made up for without anybody noticing, a second one in a row is reported.
    expect(new Set(report.codes)).toEqual(new Set(times === 1 ? [] : ['STORAGE_UNAVAILABLE']))
    // What failed is in memory, so the next query stored it too: nothing is missing, acknowledged or not.
    expect(report.stored).toEqual(Array.from({ length: 3 * operations }, (_, at) => at + 1))
    expect(report.stored).toEqual(expect.arrayContaining([...report.acknowledged]))
  },
)

test('gives a store of the release before its sums, and keeps that release out from then on', async () => {
  expect(await page.evaluate(() => window.storage.runUpgrade())).toEqual({
    differences: [undefined, undefined],
    version: 2,
    isSummed: true,
    oldOpening: 'STORAGE_NEWER',
    oldStopped: 'STORAGE_DAMAGED',
    afterwards: undefined,
  })
})
