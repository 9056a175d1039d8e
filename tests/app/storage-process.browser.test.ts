/** WebKit's network process, which keeps what pages store, dies; iOS ends it for apps in the background. */
import { expect, it } from 'vitest'
import { addCollection, closeAll, collectionIds, openShared, openSharedTabs } from './worker/shared-page.ts'
import { fewOf } from '../support/rounds.ts'
import { useTabs } from '../support/test-page.ts'

const tabs = useTabs()

async function killStorageProcess(): Promise<void> {
  const { storageProcess } = tabs.browser
  if (!storageProcess) throw new Error('In this browser it cannot die alone.')
  process.kill(await storageProcess(), 'SIGKILL')
}

it.each(fewOf(['strict', 'relaxed'] as const))('goes on in a page without a reload, %s', async (durability) => {
  const dataDir = `idb://process-${durability}`
  const page = await tabs.open()
  await page.evaluate((options) => void (window.app = window.typyst.createAppDatabase(options)), {
    dataDir,
    durability,
  })
  expect(await addCollection(page, 'before')).toBeUndefined()
  for (const id of ['first', 'second']) {
    await killStorageProcess()
    expect(await addCollection(page, id)).toBeUndefined()
    expect(await page.evaluate(async () => (await window.typyst.failure(window.app.flush()))?.code)).toBeUndefined()
  }
  expect(await collectionIds(page)).toEqual(['before', 'first', 'second'])
  await page.evaluate(() => window.app.close())
  // The same page opens it again, and so does another one.
  expect(await collectionIds(page).catch((error: unknown) => String(error))).toContain('The database was closed')
  const other = await tabs.open()
  await other.evaluate((dataDir) => void (window.app = window.typyst.createAppDatabase({ dataDir })), dataDir)
  expect(await collectionIds(other)).toEqual(['before', 'first', 'second'])
  await other.evaluate(() => window.app.close())
  await page.evaluate((dataDir) => void (window.app = window.typyst.createAppDatabase({ dataDir })), dataDir)
  expect(await collectionIds(page)).toEqual(['before', 'first', 'second'])
  await closeAll({ page, other })
})

it('goes on behind workers: nothing acknowledged is lost, what waits is done, new tabs take part', async () => {
  const options = { leaderTimeoutMs: 5_000 }
  const { first, second } = await openSharedTabs(tabs, 'idb://process-shared', ['first', 'second'], options)
  expect(await addCollection(first, 'before')).toBeUndefined()
  const acknowledged = ['before']
  for (const round of ['one', 'two']) {
    await killStorageProcess()
    const added = [first, second].map((page, at) => addCollection(page, `${round}-${at}`))
    // Of a change that was under way, it may not be known whether it was stored.
    for (const [at, code] of (await Promise.all(added)).entries()) {
      expect([undefined, 'LEADER_CHANGED']).toContain(code)
      if (code === undefined) acknowledged.push(`${round}-${at}`)
    }
  }
  const third = await tabs.open()
  expect(await openShared(third, 'idb://process-shared', options)).toBeUndefined()
  expect(await addCollection(third, 'later')).toBeUndefined()
  for (const page of [first, second, third]) {
    expect(await collectionIds(page)).toEqual(expect.arrayContaining([...acknowledged, 'later']))
  }
  await closeAll({ first, second, third })
})

it(
  'opens and closes over and over behind a worker, and its raw bytes can be had each time',
  { tags: 'long' },
  async () => {
    const page = await tabs.open()
    const seen = await page.evaluate(async () => {
      const { typyst } = window
      const dataDir = 'idb://cycles'
      const seen: unknown[] = []
      for (let cycle = 1; cycle <= 6; cycle += 1) {
        const app = typyst.createIn('worker', { dataDir })
        await app.db.insert(app.schema.collection).values({ id: `${cycle}`, name: 'Cycle' })
        const rows = await app.db.$count(app.schema.collection)
        await app.close()
        seen.push([rows, (await typyst.exportRaw(dataDir))?.source])
      }
      return seen
    })
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((rows) => [rows, 'typyst']))
    await page.close()
  },
)
