/** One build of the test page and one server for the whole test run. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { buildPage } from './build-page.ts'
import { startPageServer } from './page-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the test page is: `page.goto(inject('pageUrl'))`. */
    pageUrl: string
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
    return async () => {
      await server[Symbol.asyncDispose]()
      await deleteFolder()
    }
  } catch (error) {
    await deleteFolder()
    throw error
  }
}
