/** What the suites need of a browser, whichever it is. */
import type { Page } from 'playwright-core'

/** The browsers that the tests know. */
export const browserNames = ['chromium', 'firefox', 'webkit'] as const
export type BrowserName = (typeof browserNames)[number]

/** A name from the command line. @throws Error for one that is none. */
export function toBrowserName(name: string): BrowserName {
  const found = browserNames.find((each) => each === name)
  if (!found) throw new Error(`There is no browser "${name}", only ${browserNames.join()}.`)
  return found
}

/** The part of a page that every browser has. Playwright's own pages fit; `once` knows `close` and `crash`. */
export type TestPage = Pick<
  Page,
  'close' | 'evaluate' | 'goBack' | 'goto' | 'isClosed' | 'once' | 'reload' | 'url' | 'waitForFunction' | 'waitForURL'
>

/** A running browser; disposing it closes it in good order. */
export interface TestBrowser extends AsyncDisposable {
  readonly name: BrowserName
  readonly version: string
  /** Opens a tab. All tabs share the profile: IndexedDB, Web Locks and cookies. */
  newPage(): Promise<TestPage>
  /** Kills the browser with all its processes and without a chance to finish anything, as a power cut does. */
  kill(): Promise<void>
  /** Kills the process of one page, as the browser does with a tab that runs out of memory; resolves when it is gone. */
  crash(page: TestPage): Promise<void>
  /** The process that runs a page and its workers. */
  processOf(page: TestPage): Promise<number>
  /** The process that keeps what pages store: WebKit's network process. Absent where it cannot go alone. */
  readonly storageProcess?: () => Promise<number>
}

/** How to start one. */
export interface LaunchOptions {
  /** A folder that keeps the profile's storage, to open it again after `kill()`; by default nothing is kept. */
  readonly profileDir?: string
  /** Keeps pages that were navigated away from, as browsers do and Playwright prevents in Chromium by default. */
  readonly keepsLeftPages?: boolean
  /**
   * What the user has set. `private`: a window whose storage ends with it. `no-cookies`: sites may store nothing.
   *
   * @defaultValue `normal`
   */
  readonly mode?: 'normal' | 'private' | 'no-cookies'
}

/** Whether this is the error for a page that went away. */
export function isPageGone(error: unknown): boolean {
  return error instanceof Error && /closed|crashed|destroyed/i.test(error.message)
}
