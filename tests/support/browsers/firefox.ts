/** Starts the Firefox that is installed, as it is, and when a test wants it, kills it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firefox } from 'playwright-core'
import { findPageProcess } from './find-page-process.ts'
import { requireBrowser } from './installed-browsers.ts'
import { killTree, listProcesses } from './processes.ts'
import type { LaunchOptions, TestBrowser, TestPage } from './test-browser.ts'

/** What differs from the preferences of a user: nothing is fetched beside the tests, and each tab has its process. */
const preferences = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.startup.homepage': 'about:blank',
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.ipc.processCount.webIsolated': 8,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.startup.max_resumed_crashes': -1,
} as const

const preferencesOf = {
  normal: {},
  private: { 'browser.privatebrowsing.autostart': true },
  // What "block all cookies" in the settings comes to.
  'no-cookies': { 'network.cookie.cookieBehavior': 2 },
} as const

/** Launches a Firefox of its own for the caller. */
export async function launchFirefox({ profileDir, mode = 'normal' }: LaunchOptions = {}): Promise<TestBrowser> {
  // Always one of ours, by which its process is found.
  const folder = profileDir ?? (await mkdtemp(join(tmpdir(), 'typyst-firefox-')))
  const deleteFolder = async (): Promise<void> => {
    if (profileDir === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  // The driver has a Firefox end with the first of its tabs that crashes; a user's goes on.
  const launcher = join(folder, 'launch.sh')
  await writeFile(launcher, `#!/bin/sh\nunset MOZ_CRASHREPORTER_SHUTDOWN\nexec "${requireBrowser('firefox')}" "$@"\n`, {
    mode: 0o755,
  })
  const context = await firefox.launchPersistentContext(folder, {
    channel: 'moz-firefox',
    executablePath: launcher,
    headless: true,
    firefoxUserPrefs: { ...preferences, ...preferencesOf[mode] },
  })
  const browserProcess = (await listProcesses()).find(
    ({ command, parentId }) => parentId === process.pid && command.includes(folder),
  )
  if (!browserProcess) throw new Error('The process of this Firefox is not found.')
  const processOf = (page: TestPage) => findPageProcess(browserProcess.id, page, / tab$/)
  return {
    name: 'firefox',
    version: context.browser()?.version() ?? '',
    newPage: () => context.newPage(),
    async kill() {
      const closed = new Promise<void>((resolve) => context.once('close', () => resolve()))
      await killTree(browserProcess.id)
      await closed
      await deleteFolder()
    },
    processOf,
    crash: async (page) => killTree(await processOf(page)),
    async [Symbol.asyncDispose]() {
      await context.close()
      await deleteFolder()
    },
  }
}
