/** Starts a real Chromium and, when a test wants it, kills it. */
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { findChromium } from './chromium-binary.ts'

/** A running browser; disposing it closes it in good order. */
export interface TestBrowser extends AsyncDisposable {
  /** The profile: its pages share IndexedDB, Web Locks and cookies. */
  readonly context: BrowserContext
  /** Kills the browser without a chance to finish anything, as a power cut does. */
  kill(): Promise<void>
}

/** Options of {@link launchChromium}. */
export interface LaunchOptions {
  /** A folder that keeps the profile's storage, to open it again after `kill()`; by default nothing is kept. */
  readonly profileDir?: string
  /** Keeps pages that were navigated away from, as browsers do and Playwright prevents by default. */
  readonly keepsLeftPages?: boolean
}

/** Launches a headless Chromium of its own for the caller. */
export async function launchChromium({ profileDir, keepsLeftPages }: LaunchOptions = {}): Promise<TestBrowser> {
  const { executablePath, env } = await findChromium()
  // An empty path makes Playwright create a profile, and delete it in the end.
  const context = await chromium.launchPersistentContext(profileDir ?? '', {
    executablePath,
    env: { ...process.env, ...env },
    headless: true,
    // A page of `npm test` is gone before it pays to optimize a whole Postgres, which would take a fifth of the processor.
    args: 'VITEST' in process.env ? ['--js-flags=--liftoff-only'] : [],
    ...(keepsLeftPages && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
    // The sandbox needs a user who is not root and kernel features that containers lack.
    chromiumSandbox: false,
  })
  return {
    context,
    kill: () => killBrowser(context),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Kills the renderer of one page, as the browser does with a tab that runs out of memory. */
export async function crashPage(page: Page): Promise<void> {
  const crashed = new Promise<void>((resolve) => page.once('crash', () => resolve()))
  const devtools = await page.context().newCDPSession(page)
  // The command has no answer: who should give it is dead.
  devtools.send('Page.crash').catch(() => undefined)
  await crashed
}

/** Whether this is Playwright's error for a page that went away. */
export function isPageGone(error: unknown): boolean {
  return error instanceof Error && /closed|crashed|destroyed/i.test(error.message)
}

async function killBrowser(context: BrowserContext): Promise<void> {
  const devtools = await context.browser()?.newBrowserCDPSession()
  if (devtools === undefined) throw new Error('This browser has no developer tools session.')
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo')
  const closed = new Promise<void>((resolve) => context.once('close', () => resolve()))
  // All of them: storage and network have processes of their own, which without their parent would end in good order.
  for (const { id } of processInfo) {
    try {
      process.kill(id, 'SIGKILL')
    } catch {
      // It has ended since the browser listed it, or with its parent.
    }
  }
  await closed
}
