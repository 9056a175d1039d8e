/** Starts a real Chromium and, when a test wants it, kills it. */
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { processOf } from '../renderers.ts'
import { findChromium } from './chromium-binary.ts'
import type { LaunchOptions, TestBrowser, TestPage } from './test-browser.ts'

/** A running Chromium, with what only its developer tools offer. */
export interface ChromiumBrowser extends TestBrowser {
  /** The profile: its pages share IndexedDB, Web Locks and cookies. */
  readonly context: BrowserContext
}

/** Launches a headless Chromium of its own for the caller. */
export async function launchChromium({ profileDir, keepsLeftPages }: LaunchOptions = {}): Promise<ChromiumBrowser> {
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
    name: 'chromium',
    version: context.browser()?.version() ?? '',
    context,
    newPage: () => context.newPage(),
    processOf: (page) => processOf(ownPage(context, page)),
    crash: (page) => crashPage(ownPage(context, page)),
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

/** The page as Playwright has it. */
export function ownPage(context: BrowserContext, page: TestPage): Page {
  const own = context.pages().find((each) => each === page)
  if (!own) throw new Error('This page is none of this browser.')
  return own
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
