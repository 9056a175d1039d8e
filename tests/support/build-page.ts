/** Builds the test page with Vite, as a consumer's app would be built. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Options of {@link buildPage}. */
export interface PageBuild {
  /** Makes other files of the same code, with other names. */
  readonly minify?: boolean
}

/** Bundles a page, by default `tests/support/page`, with the built package into `folder`. */
export async function buildPage(
  folder: string,
  page: URL = new URL('page', import.meta.url),
  // Readable stack traces matter more here than bytes.
  { minify = false }: PageBuild = {},
): Promise<void> {
  const entry = fileURLToPath(new URL('../../dist/app.js', import.meta.url))
  if (!existsSync(entry)) throw new Error('The browser tests use the built package: run "npm run build" first.')
  await build({
    root: fileURLToPath(page),
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
      rolldownOptions: { checks: { eval: false } },
    },
  })
}
