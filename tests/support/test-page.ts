/** A browser for a test file and tabs of it on the test page. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, inject } from 'vitest'
import { launchChromium } from './chromium.ts'
import type { TestBrowser } from './chromium.ts'

/** Where the engine of an app database is: in the page, or behind a worker. */
export const modes = ['page', 'worker'] as const
export type Mode = (typeof modes)[number]

/** The tabs of one profile. */
export interface Tabs {
  /** Opens a tab on the test page. */
  open(): Promise<Page>
  readonly browser: TestBrowser
}

/** Launches a browser for the tests of the file or group it is called in. */
export function useTabs(): Tabs {
  let browser: TestBrowser | undefined
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.[Symbol.asyncDispose]())
  const running = (): TestBrowser => {
    if (!browser) throw new Error('The browser runs only while tests do.')
    return browser
  }
  return {
    get browser() {
      return running()
    },
    async open() {
      const page = await running().context.newPage()
      await page.goto(inject('pageUrl'))
      return page
    },
  }
}
