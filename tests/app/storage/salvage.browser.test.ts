/** What `salvage` gets out of stores that are damaged in one way each. */
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../../support/browsers/chromium.ts'
import type { SalvageCase } from './page/salvage-rounds.ts'
import { modes, useTabs } from '../../support/test-page.ts'
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

const run = (what: SalvageCase) => page.evaluate((given) => window.storage.runSalvage(given), what)

test('salvages everything when nothing is damaged', async () => {
  const { code, report, missing, wrong, imported } = await run('nothing')
  expect({ code, missing, wrong, imported }).toEqual({ code: undefined, missing: 0, wrong: [], imported: 408 })
  expect(report).toEqual({
    rows: { collection: 3, settings: 0, entry: 405 },
    doubtful: { collection: [], settings: [], entry: [] },
    unreadable: { collection: 0, settings: 0, entry: 0 },
    madeUp: [],
    damagedTables: [],
    state: 'latest',
  })
})

test('calls the rows of a damaged page doubtful and salvages all others', async () => {
  const { code, message, report, missing, wrong, isUntouched } = await run('a page of entries')
  expect(code).toBe('STORAGE_DAMAGED')
  expect(message).toMatch(/changed bytes in \/base\/5\/\d+ of "entry"/)
  expect({ missing, wrong, isUntouched }).toEqual({ missing: 0, wrong: [], isUntouched: true })
  expect(report.damagedTables).toEqual(['entry'])
  expect(report.doubtful.entry.length).toBeGreaterThan(0)
  expect(report.doubtful.entry.length).toBeLessThan(200)
})

test.each([
  // What comes after it in the log is gone with it.
  ['the newest flush', 1, 'earlier'],
  ['the list of files', 0, 'latest'],
  // What only the log had is gone: what came after the last checkpoint.
  ['the log', 5, 'checkpoint'],
  ['the control file', 5, 'checkpoint'],
  ['the catalog', 5, 'checkpoint'],
] as const)('salvages the rest when %s is damaged', async (what, lost, state) => {
  const { code, report, missing, wrong, imported, isUntouched } = await run(what)
  expect(code).toBe('STORAGE_DAMAGED')
  expect(wrong).toEqual([])
  expect(missing).toBeLessThanOrEqual(lost)
  expect(report.state).toBe(state)
  expect(imported).toBe(report.rows.collection + report.rows.settings + report.rows.entry)
  expect(isUntouched).toBe(true)
})

const tabs = useTabs()

test.each(modes)('salvages a database that failed to open in the %s', { tags: 'long' }, async (mode) => {
  const tab = await tabs.open()
  const found = await tab.evaluate(
    async ([mode, dataDir]) => {
      const { typyst } = window
      const app = typyst.createIn(mode, { dataDir })
      await app.collections.create({ name: 'kept' })
      await app.close()
      const opening = indexedDB.open(dataDir.replace('idb://', 'typyst-db/'))
      await new Promise((resolve) => (opening.onsuccess = resolve))
      const transaction = opening.result.transaction('entries', 'readwrite')
      transaction.objectStore('entries').delete('/global/pg_control')
      await new Promise((resolve) => (transaction.oncomplete = resolve))
      opening.result.close()

      const damaged = typyst.createIn(mode, { dataDir })
      const failed = await typyst.failure(damaged.ready())
      await damaged.close()
      const salvaged = await typyst.salvage(dataDir, { passphrase: 'secret' })
      const fresh = typyst.createIn(mode, { dataDir: `${dataDir} again` })
      if (salvaged) await fresh.transfer.importData(salvaged.data, { passphrase: 'secret' })
      const names = (await fresh.db.select().from(fresh.schema.collection)).map(({ name }) => name)
      await fresh.close()
      return { code: failed?.code, isSalvaged: salvaged !== undefined, names }
    },
    [mode, `idb://salvaged in the ${mode}`] as const,
  )
  expect(found).toEqual({ code: 'STORAGE_DAMAGED', isSalvaged: true, names: ['kept'] })
  await tab.close()
})
