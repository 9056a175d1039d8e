/** Builds the test page with Vite, as a consumer's app would be built. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import type { Plugin } from 'vite'

/** Options of {@link buildPage}. */
export interface PageBuild {
  /** Makes other files of the same code, with other names. */
  readonly minify?: boolean
}

/** The document of every page, which has nothing but its script; an icon of its own spares a request that fails. */
const html = `<!doctype html>
<meta charset="utf-8" />
<title>@typyst/db</title>
<link rel="icon" href="data:," />
<script type="module" src="./main.ts"></script>
`

/** Bundles a page, the folder of a `main.ts`, by default `tests/support/page`, with the built package into `folder`. */
export async function buildPage(
  folder: string,
  page: URL = new URL('page', import.meta.url),
  // Readable stack traces matter more here than bytes.
  { minify = false }: PageBuild = {},
): Promise<void> {
  const entry = fileURLToPath(new URL('../../dist/app.js', import.meta.url))
  if (!existsSync(entry)) throw new Error('The browser tests use the built package: run "npm run build" first.')
  const root = fileURLToPath(page)
  await build({
    root,
    plugins: [serveDocument(join(root, 'index.html'))],
    configFile: false,
    // Wherever the server has it.
    base: './',
    logLevel: 'warn',
    worker: { format: 'es' },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'esnext',
      minify,
      chunkSizeWarningLimit: 10_000,
      // PGlite's Emscripten glue uses it, and nobody here can change that.
      rolldownOptions: { input: 'index.html', checks: { eval: false } },
    },
  })
}

/** Gives a page a document without a file for it. */
function serveDocument(path: string): Plugin {
  return {
    name: 'typyst-page-document',
    enforce: 'pre',
    resolveId: (id) => (id === 'index.html' ? path : undefined),
    load: (id) => (id === path ? html : undefined),
  }
}
