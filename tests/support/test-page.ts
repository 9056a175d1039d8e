/** A browser for a test file and tabs of it on the test page. */
import { afterAll, beforeAll, inject } from 'vitest'
import { launchChromium } from './browsers/chromium.ts'
import type { ChromiumBrowser } from './browsers/chromium.ts'
import { missingBrowser } from './browsers/installed-browsers.ts'
import { launchBrowser } from './browsers/launch-browser.ts'
import type { BrowserName, TestBrowser, TestPage } from './browsers/test-browser.ts'
import type { Page } from 'playwright-core'

/** Where the engine of an app database is: in the page, or behind a worker. */
export const modes = ['page', 'worker'] as const
export type Mode = (typeof modes)[number]

/** The browser of this run: the project of Vitest says which. */
export const browserName = (): BrowserName => inject('browserName')

/** The tabs of one profile. */
export interface Tabs<TBrowser = TestBrowser, TPage = TestPage> {
  /** Opens a tab on the test page. */
  open(): Promise<TPage>
  readonly browser: TBrowser
}

/** Launches the browser of this run for the tests of the file or group it is called in. */
export function useTabs(): Tabs {
  return useBrowser(
    async () => {
      const name = browserName()
      return missingBrowser(name) === undefined ? launchBrowser(name) : undefined
    },
    (browser) => browser.newPage(),
  )
}

/** The same for tests that need what only Chromium's developer tools offer. */
export function useChromiumTabs(): Tabs<ChromiumBrowser, Page> {
  return useBrowser(launchChromium, ({ context }) => context.newPage())
}

function useBrowser<TBrowser extends TestBrowser, TPage extends TestPage>(
  launch: () => Promise<TBrowser | undefined>,
  newPage: (browser: TBrowser) => Promise<TPage>,
): Tabs<TBrowser, TPage> {
  let browser: TBrowser | undefined
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.[Symbol.asyncDispose]())
  const running = (): TBrowser => {
    if (!browser) throw new Error('The browser runs only while tests do.')
    return browser
  }
  return {
    get browser() {
      return running()
    },
    async open() {
      const page = await newPage(running())
      await page.goto(inject('pageUrl'))
      return page
    },
  }
}
