/** One build of the test page and one server for the whole test run. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { missingBrowser } from './browsers/installed-browsers.ts'
import { browserNames } from './browsers/test-browser.ts'
import type { BrowserName } from './browsers/test-browser.ts'
import { buildPage } from './build-page.ts'
import { startPageServer } from './page-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the test page is: `page.goto(inject('pageUrl'))`. */
    pageUrl: string
    /** The folder it is built into, for servers of a test's own. */
    pageFolder: string
    /** Which browser the tests of this project run in. */
    browserName: BrowserName
  }
}

/** Builds and serves the page, tells the tests its URL, and gives back how to stop. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-page-'))
  const deleteFolder = () => rm(folder, { recursive: true, force: true })
  try {
    await buildPage(folder)
    const server = await startPageServer(folder)
    project.provide('pageUrl', server.url)
    project.provide('pageFolder', folder)
    project.provide('browserName', browserOf(project.name))
    return async () => {
      await server[Symbol.asyncDispose]()
      await deleteFolder()
    }
  } catch (error) {
    await deleteFolder()
    throw error
  }
}

/** The project `browser` is Chromium's, the others are named after theirs. */
function browserOf(projectName: string): BrowserName {
  const name = browserNames.find((each) => each === projectName) ?? 'chromium'
  const missing = missingBrowser(name)
  if (missing !== undefined) console.warn(missing)
  return name
}
