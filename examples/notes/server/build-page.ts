/** Builds the page with Vite, into memory: what is served is what was built, and no path leads anywhere else. */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** The built files by their path, without the leading slash. */
export type PageFiles = ReadonlyMap<string, string | Uint8Array>

/** Stands in the built HTML wherever the nonce of a response belongs. */
export const noncePlaceholder = 'NONCE_OF_THIS_RESPONSE'

export async function buildPage(): Promise<PageFiles> {
  const result = await build({
    root: fileURLToPath(new URL('../page', import.meta.url)),
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: 'error',
    // The next two lines are all that PGlite asks of a Vite app: it finds its WebAssembly by its own address.
    optimizeDeps: { exclude: ['@electric-sql/pglite'] },
    worker: { format: 'es' },
    html: { cspNonce: noncePlaceholder },
    build: { write: false, target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 2_000 },
  })
  if (!('output' in result)) throw new Error('Vite built something other than one page.')
  return new Map(result.output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]))
}
