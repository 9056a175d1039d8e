/** `createAppDatabase` in tabs of a real browser: IndexedDB, reloads, second tabs, deletion. */
import type { AppDatabase } from '@typyst/db/app'
import type { TestPage } from '../support/browsers/test-browser.ts'
import { describe, expect, it } from 'vitest'
import { modes, useTabs } from '../support/test-page.ts'
import type { Mode } from '../support/test-page.ts'

const tabs = useTabs()
const openTab = () => tabs.open()

/** Opens a database in a tab, keeps it on the window as `app`, and gives the code it failed with, if it did. */
async function openIn(page: TestPage, dataDir: string, mode: Mode = 'page'): Promise<string | undefined> {
  return page.evaluate(
    async ({ dataDir, mode }) => {
      const { typyst } = window
      const app = typyst.createIn(mode, { dataDir })
      Object.assign(window, { app })
      return (await typyst.failure(app.ready()))?.code
    },
    { dataDir, mode },
  )
}

const addCollection = (page: TestPage, id: string) =>
  page.evaluate(async (id) => {
    await window.app.db.insert(window.app.schema.collection).values({ id, name: id })
  }, id)
const collectionIds = (page: TestPage) =>
  page.evaluate(async () => (await window.app.db.select().from(window.app.schema.collection)).map(({ id }) => id))
const close = (page: TestPage) => page.evaluate(() => window.app.close())

declare global {
  interface Window {
    app: AppDatabase
  }
}

describe.each(modes)('idb:// with the engine in the %s', (mode) => {
  it('keeps rows over a reload', async () => {
    const page = await openTab()
    expect(await openIn(page, `idb://reload-${mode}`, mode)).toBeUndefined()
    await addCollection(page, 'kept')
    await page.reload()
    expect(await openIn(page, `idb://reload-${mode}`, mode)).toBeUndefined()
    expect(await collectionIds(page)).toEqual(['kept'])
    await page.close()
  })

  it('takes names of any script, each its own database', async () => {
    const page = await openTab()
    for (const name of ['idb://ノート 🍲', "idb://o'hara & co?#", 'idb://ノート']) {
      expect(await openIn(page, `${name} ${mode}`, mode)).toBeUndefined()
      expect(await collectionIds(page)).toEqual([])
      await addCollection(page, name)
      await close(page)
    }
    await page.close()
  })

  it('keeps emoji, and refuses a NUL character without losing anything', async () => {
    const page = await openTab()
    await openIn(page, `idb://text-${mode}`, mode)
    const outcome = await page.evaluate(async () => {
      const { collection, entry } = window.app.schema
      await window.app.db.insert(collection).values({ id: 'c', name: '👩‍👩‍👧‍👦' })
      const values = { id: 'e', title: 'NUL', content: 'a\u0000b', collectionId: 'c' }
      const nul = await window.typyst.failure(window.app.db.insert(entry).values(values))
      const orphan = await window.typyst.failure(
        window.app.db.insert(entry).values({ ...values, content: '', collectionId: 'none' }),
      )
      const [found] = await window.app.db.select().from(collection)
      return { nul: nul?.code, orphan: orphan?.code, name: found?.name, entries: await window.app.db.$count(entry) }
    })
    expect(outcome).toEqual({ nul: 'INVALID_INPUT', orphan: 'FOREIGN_KEY_VIOLATION', name: '👩‍👩‍👧‍👦', entries: 0 })
    await page.close()
  })
})

describe('idb:// without a worker', () => {
  it('refuses a second opener at once, in another tab and in the same one, and lets it in after the first has closed', async () => {
    const [first, second] = [await openTab(), await openTab()]
    expect(await openIn(first, 'idb://two-tabs')).toBeUndefined()
    await addCollection(first, 'first')
    expect(await openIn(second, 'idb://two-tabs')).toBe('DATABASE_IN_USE')
    const inSameTab = await first.evaluate(async () => {
      const { typyst } = window
      return (await typyst.failure(typyst.createAppDatabase({ dataDir: 'idb://two-tabs' }).ready()))?.code
    })
    expect(inSameTab).toBe('DATABASE_IN_USE')
    await close(first)
    // The same object, which failed before.
    await second.evaluate(() => window.app.ready())
    expect(await collectionIds(second)).toEqual(['first'])
    await Promise.all([first.close(), second.close()])
  })

  it('lets one of many that open at the same moment in', async () => {
    const page = await openTab()
    const codes = await page.evaluate(async () => {
      const { typyst } = window
      const openings = Array.from({ length: 6 }, () =>
        typyst.failure(typyst.createAppDatabase({ dataDir: 'idb://race' }).ready()),
      )
      return (await Promise.all(openings)).map((failed) => failed?.code ?? 'open')
    })
    expect(codes.toSorted()).toEqual([...Array<string>(5).fill('DATABASE_IN_USE'), 'open'])
    await page.close()
  })

  it('deletes everything on destroy, and nothing while another tab has it open', async () => {
    const [first, second] = [await openTab(), await openTab()]
    await openIn(first, 'idb://destroyed')
    await addCollection(first, 'gone')
    const refused = await second.evaluate(async () => {
      const { typyst } = window
      return (await typyst.failure(typyst.createAppDatabase({ dataDir: 'idb://destroyed' }).destroy()))?.code
    })
    expect(refused).toBe('DATABASE_IN_USE')
    expect(await collectionIds(first)).toEqual(['gone'])
    await first.evaluate(() => window.app.destroy())
    const left = await first.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
    expect(left.filter((name) => name?.includes('destroyed'))).toEqual([])
    expect(await openIn(second, 'idb://destroyed')).toBeUndefined()
    expect(await collectionIds(second)).toEqual([])
    await Promise.all([first.close(), second.close()])
  })

  it('is free again when the tab that had it open is gone without closing it', async () => {
    const first = await openTab()
    await openIn(first, 'idb://left-open')
    await addCollection(first, 'kept')
    const second = await openTab()
    await first.close()
    await expect.poll(() => openIn(second, 'idb://left-open')).toBeUndefined()
    expect(await collectionIds(second)).toEqual(['kept'])
    await second.close()
  })
})
