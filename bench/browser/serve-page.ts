/** Builds the page with Vite as an app would be built, and serves it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPage } from '../../tests/support/build-page.ts'
import { startPageServer } from '../../tests/support/page-server.ts'
import type { PageServer } from '../../tests/support/page-server.ts'

/** The page's server. */
export interface BenchPage extends PageServer {
  /** The paths of everything the page may load. */
  readonly files: readonly string[]
}

const headers = {
  // Isolated pages have timers of 5 µs instead of 100.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  // An app's files have their hash in their name.
  'cache-control': 'public, max-age=31536000, immutable',
}

/** Serves a page, by default the one that compares databases, until it is disposed. */
export async function serveBenchPage(page: URL = new URL('page', import.meta.url)): Promise<BenchPage> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-bench-page-'))
  await buildPage(folder, page, { minify: true })
  const files = await readdir(join(folder, 'assets'))
  const server = await startPageServer(folder, headers)
  return {
    url: server.url,
    files: files.map((file) => `assets/${file}`),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
