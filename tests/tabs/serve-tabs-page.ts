/** Builds and serves the page of the suite. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPage } from '../support/build-page.ts'
import { startPageServer } from '../support/page-server.ts'
import type { PageServer } from '../support/page-server.ts'

/** Until it is disposed. */
export async function serveTabsPage(): Promise<PageServer> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-tabs-page-'))
  await buildPage(folder, new URL('page', import.meta.url))
  const server = await startPageServer(folder)
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
