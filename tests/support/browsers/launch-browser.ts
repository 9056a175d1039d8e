/** Starts any of the browsers that the suites run in. */
import { launchChromium } from './chromium.ts'
import { launchFirefox } from './firefox.ts'
import { launchWebKit } from './webkit.ts'
import type { BrowserName, LaunchOptions, TestBrowser } from './test-browser.ts'

const launchers = { chromium: launchChromium, firefox: launchFirefox, webkit: launchWebKit }

/** Launches a browser of its own for the caller. */
export function launchBrowser(name: BrowserName, options: LaunchOptions = {}): Promise<TestBrowser> {
  return launchers[name](options)
}
