/** Serves a folder of built pages on 127.0.0.1, which browsers treat as a secure context. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

/** A running server; disposing it stops it. */
export interface PageServer extends AsyncDisposable {
  /** The base URL, with a slash at the end. */
  readonly url: string
}

// Browsers refuse modules and stream-compile WebAssembly by these types.
const mimeTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

/**
 * Serves the files of `folder` on a free port.
 *
 * @param headers - Sent with every file.
 */
export async function startPageServer(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<PageServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const name = normalize(decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname))
    readFile(join(folder, name)).then(
      (body) => {
        response.writeHead(200, {
          'content-type': mimeTypes[extname(name)] ?? 'application/octet-stream',
          // Vite's names change with what is in them, so that a browser may keep them, and what it has compiled.
          ...(name.includes('assets') && { 'cache-control': 'max-age=31536000, immutable' }),
          ...headers,
        })
        response.end(body)
      },
      () => response.writeHead(404).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The page server has no port.')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      // Browsers keep connections open for their next request.
      server.closeAllConnections()
      await closed
    },
  }
}
