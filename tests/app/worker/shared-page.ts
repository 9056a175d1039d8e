/** What tests of a shared database do in a tab. */
import type { AppDatabase } from '@typyst/db/app'
import type { TestPage } from '../../support/browsers/test-browser.ts'
import { expect } from 'vitest'
import type { Tabs } from '../../support/test-page.ts'

declare global {
  interface Window {
    /** The database of the tab, opened through a worker. */
    app: AppDatabase
    /** What the tab was told, in order. */
    events: string[]
  }
}

/** Options of {@link openShared}; what is left out has its default. */
export interface SharedOptions {
  readonly leaderTimeoutMs?: number
  readonly transactionIdleTimeoutMs?: number
  readonly durability?: 'strict' | 'relaxed'
  /** SQL of the consumer's own migrations, in order. */
  readonly migrations?: readonly string[]
}

/** Opens a database in a tab through a worker, as `app` on the window; gives the code it failed with, if it did. */
export async function openShared(
  page: TestPage,
  dataDir: string,
  options: SharedOptions = {},
): Promise<string | undefined> {
  return page.evaluate(
    async ({ dataDir, migrations = [], ...options }) => {
      const { typyst } = window
      window.events = []
      window.app = typyst.createAppDatabase({
        ...options,
        dataDir,
        worker: () => typyst.worker(),
        onEvent: ({ type }) => window.events.push(type),
        migrations: migrations.map((up, index) => ({ name: `000${index}_own`, createdAt: 1000 + index, up })),
      })
      return (await typyst.failure(window.app.ready()))?.code
    },
    { dataDir, ...options },
  )
}

/** Opens a database in new tabs, one after the other, so that the first one leads. */
export async function openSharedTabs<const TNames extends readonly string[]>(
  tabs: Tabs,
  dataDir: string,
  names: TNames,
  options?: SharedOptions,
): Promise<Record<TNames[number], TestPage>> {
  const pages: [string, TestPage][] = []
  for (const name of names) {
    const page = await tabs.open()
    expect(await openShared(page, dataDir, options)).toBeUndefined()
    pages.push([name, page])
  }
  return Object.fromEntries(pages) as Record<TNames[number], TestPage> // Its keys are the names.
}

export const closeAll = (pages: Record<string, TestPage>): Promise<void[]> =>
  Promise.all(Object.values(pages).map((page) => page.close()))

/** Adds a collection; gives the code it failed with, if it did. */
export const addCollection = (page: TestPage, id: string): Promise<string | undefined> =>
  page.evaluate(async (id) => {
    const { app, typyst } = window
    return (await typyst.failure(app.db.insert(app.schema.collection).values({ id, name: id })))?.code
  }, id)

/** The ids of all collections, sorted. */
export const collectionIds = (page: TestPage): Promise<string[]> =>
  page.evaluate(async () => {
    const rows = await window.app.db.select().from(window.app.schema.collection)
    return rows.map(({ id }) => id).toSorted()
  })

export const roleOf = (page: TestPage): Promise<string | undefined> =>
  page.evaluate(async () => (await window.app.status()).role)
