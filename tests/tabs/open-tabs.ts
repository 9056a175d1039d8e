/** The tabs of a run: opened as needed, and known to be gone when they are. */
import type { TestPage } from '../support/browsers/test-browser.ts'
import type { OpenOptions } from './page/main.ts'

/** Where the tabs are and what they open. */
export interface TabsOptions extends OpenOptions {
  readonly pageUrl: string
}

/** Tabs on one database. */
export interface OpenTabs<TPage extends TestPage = TestPage> {
  /** Those that were neither closed nor lost their process. */
  living(): TPage[]
  /** Brings them to this number; a page that lost its document to a navigation opens the database anew. */
  fill(count: number): Promise<void>
  /** The page whose worker leads. */
  leader(): Promise<TPage>
}

export function createTabs<TPage extends TestPage>(
  newPage: () => Promise<TPage>,
  { pageUrl, ...options }: TabsOptions,
): OpenTabs<TPage> {
  const pages = new Set<TPage>()

  const open = async (page: TestPage): Promise<void> => {
    await page.evaluate((given) => window.tabs.open(given), options)
  }
  const add = async (): Promise<void> => {
    const page = await newPage()
    page.once('close', () => pages.delete(page))
    page.once('crash', () => {
      pages.delete(page)
      // Playwright keeps a tab whose process is gone.
      page.close().catch(() => undefined)
    })
    pages.add(page)
    await page.goto(pageUrl)
    await open(page)
  }
  return {
    living: () => [...pages],
    async fill(count) {
      for (const page of pages) if (!(await page.evaluate(() => window.tabs.isOpen()))) await open(page)
      await Promise.all(Array.from({ length: count - pages.size }, () => add()))
    },
    async leader() {
      // After a change nobody may lead for a moment; each look waits for an answer from every page.
      for (;;) {
        for (const page of pages) if ((await page.evaluate(() => window.tabs.role())) === 'leader') return page
      }
    },
  }
}
