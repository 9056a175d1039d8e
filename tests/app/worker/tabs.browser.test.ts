/** Many tabs, one database: followers use the leader's engine, and the next one goes on when it is gone. */
import type { AppDatabase } from '@typyst/db/app'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { crashPage } from '../../support/chromium.ts'
import { useTabs } from '../../support/test-page.ts'

declare global {
  interface Window {
    app: AppDatabase
    events: string[]
  }
}

const tabs = useTabs()

/** Opens a database in a tab through a worker, as `app` on the window. */
async function openIn(page: Page, dataDir: string, leaderTimeoutMs?: number): Promise<string | undefined> {
  return page.evaluate(
    async ({ dataDir, leaderTimeoutMs }) => {
      const { typyst } = window
      window.events = []
      window.app = typyst.createAppDatabase({
        dataDir,
        worker: typyst.worker,
        leaderTimeoutMs,
        onEvent: ({ type }) => window.events.push(type),
      })
      return (await typyst.failure(window.app.ready()))?.code
    },
    { dataDir, leaderTimeoutMs },
  )
}

const add = (page: Page, id: string) =>
  page.evaluate(async (id) => {
    await window.app.db.insert(window.app.schema.collection).values({ id, name: id })
  }, id)
const ids = (page: Page) =>
  page.evaluate(async () =>
    (await window.app.db.select().from(window.app.schema.collection)).map(({ id }) => id).toSorted(),
  )
const role = (page: Page) => page.evaluate(async () => (await window.app.status()).role)

async function openTabs(count: number, dataDir: string): Promise<Page[]> {
  const pages = await Promise.all(Array.from({ length: count }, () => tabs.open()))
  for (const page of pages) expect(await openIn(page, dataDir)).toBeUndefined()
  return pages
}

describe('tabs', () => {
  it('see what the others wrote, and one of them leads', async () => {
    const pages = await openTabs(3, 'idb://shared')
    for (const [index, page] of pages.entries()) await add(page, `from-${index}`)
    for (const page of pages) expect(await ids(page)).toEqual(['from-0', 'from-1', 'from-2'])
    expect(await Promise.all(pages.map(role))).toEqual(['leader', 'follower', 'follower'])
    await Promise.all(pages.map((page) => page.close()))
  })

  it.each([
    ['is closed', (page: Page) => page.close()],
    ['closes the database', (page: Page) => page.evaluate(() => window.app.close())],
    ['loses its worker', (page: Page) => page.evaluate(() => window.typyst.workers.at(-1)?.terminate())],
    ['crashes', crashPage],
  ] as const)('go on when the leader %s', async (how, end) => {
    const [first, second, third] = await openTabs(3, `idb://leader ${how}`)
    if (!first || !second || !third) throw new Error('There are three.')
    await add(second, 'before')
    await end(first)
    await add(second, 'after')
    expect(await ids(third)).toEqual(['after', 'before'])
    expect(await second.evaluate(() => window.events)).toEqual(['leader-changed'])
    await Promise.all([first, second, third].map((page) => page.close()))
  })
})
