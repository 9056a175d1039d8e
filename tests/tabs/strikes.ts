/** The ways a tab that leads can be lost. */
import type { TestBrowser, TestPage } from '../support/browsers/test-browser.ts'

/** What a strike leaves. */
export interface Aftermath {
  /** Whether the page is lost; otherwise its requests have to be answered, once it was brought back. */
  readonly isGone: boolean
  /** Brings back what only stood still. Called when the others have gone on. */
  readonly bringBack?: () => Promise<void>
}

/** How long a page is blocked, in milliseconds. */
const blockMs = 10_000

/** Each does its worst to the page that leads. */
export const strikes = {
  /** The tab is closed. */
  async close(page: TestPage): Promise<Aftermath> {
    await page.close()
    return { isGone: true }
  },
  /** Only its worker goes. */
  async terminate(page: TestPage): Promise<Aftermath> {
    await page.evaluate(() => window.tabs.terminateWorker())
    return { isGone: false }
  },
  /** Its process crashes. */
  async crash(page: TestPage, browser: TestBrowser): Promise<Aftermath> {
    await browser.crash(page)
    await forget(page, browser)
    return { isGone: true }
  },
  /** Its process is killed from outside. */
  async kill(page: TestPage, browser: TestBrowser): Promise<Aftermath> {
    process.kill(await browser.processOf(page), 'SIGKILL')
    await forget(page, browser)
    return { isGone: true }
  },
  /**
   * It is told that it is frozen. A Chromium without a window hides no page, and freezes only hidden ones; what stands
   * still for good is `stop`.
   */
  async freeze(page: TestPage): Promise<Aftermath> {
    await page.evaluate(() => document.dispatchEvent(new Event('freeze')))
    return {
      isGone: false,
      async bringBack() {
        await page.evaluate(() => document.dispatchEvent(new Event('resume')))
      },
    }
  },
  /** It is navigated away, into the back/forward cache if the browser likes, and comes back. */
  async navigate(page: TestPage): Promise<Aftermath> {
    await page.goto(new URL('elsewhere.html', page.url()).href)
    return {
      isGone: true,
      async bringBack() {
        await page.goBack()
      },
    }
  },
  /** Its main thread computes. Its worker does not need it, so nobody has to take over. */
  block(page: TestPage): Promise<Aftermath> {
    const blocked = page.evaluate((ms) => window.tabs.block(ms), blockMs)
    return Promise.resolve({ isGone: false, bringBack: () => blocked })
  },
  /** Its process stops without a word, and goes on later as if nothing had happened. */
  async stop(page: TestPage, browser: TestBrowser): Promise<Aftermath> {
    const processId = await browser.processOf(page)
    process.kill(processId, 'SIGSTOP')
    return {
      isGone: false,
      bringBack() {
        process.kill(processId, 'SIGCONT')
        return Promise.resolve()
      },
    }
  },
} as const satisfies Readonly<Record<string, (page: TestPage, browser: TestBrowser) => Promise<Aftermath>>>

/** Firefox does not tell its driver that a page has crashed, which would wait for its answers for ever. */
async function forget(page: TestPage, { name }: TestBrowser): Promise<void> {
  if (name === 'firefox') await page.close()
}

/** The name of a strike. */
export type StrikeName = keyof typeof strikes

/** All of them, in the order in which rounds go through them. */
export const strikeNames: readonly StrikeName[] = [
  'close',
  'terminate',
  'freeze',
  'crash',
  'stop',
  'kill',
  'navigate',
  'block',
]
