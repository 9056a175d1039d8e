/** Serves a folder of built pages on 127.0.0.1, which browsers treat as a secure context. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'

/**
 * What comes instead of a file. `page`: what servers send that answer everything with the app's page. `cut`: the first half,
 * the connection lost. `stalled`: the first half, and then nothing. `short`: the first half, as if it were all. `silent`: no
 * answer.
 */
export type Fault = 'missing' | 'page' | 'cut' | 'stalled' | 'short' | 'garbage' | 'reset' | 'silent' | 'throws'

/** A running server; disposing it stops it. */
export interface PageServer extends AsyncDisposable {
  /** The base URL, with a slash at the end. */
  readonly url: string
}

/** A server whose files can be made to fail. */
export interface FaultyServer extends PageServer {
  /** Has files whose path contains `part` fail from now on; without a fault they come again. */
  disturb(part: string, fault: Fault | undefined): void
  /** How often a file whose path contains `part` was sent as it is. */
  served(part: string): number
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
): Promise<FaultyServer> {
  const faults = new Map<string, Fault>()
  const served: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const name = normalize(decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname))
    readFile(join(folder, name)).then(
      (body) => {
        const [, fault] = [...faults].find(([part]) => name.includes(part)) ?? []
        if (fault) {
          answerWith(fault, body, name, response)
          return
        }
        served.push(name)
        response.writeHead(200, {
          'content-type': typeOf(name),
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
    disturb(part, fault) {
      if (fault) faults.set(part, fault)
      else faults.delete(part)
    },
    served: (part) => served.filter((name) => name.includes(part)).length,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      // Browsers keep connections open for their next request.
      server.closeAllConnections()
      await closed
    },
  }
}

const typeOf = (name: string): string => mimeTypes[extname(name)] ?? 'application/octet-stream'

function answerWith(fault: Fault, body: Buffer, name: string, response: ServerResponse): void {
  const half = body.subarray(0, body.length / 2)
  // Kept by the browser, as the file itself would be.
  const headers = { 'content-type': typeOf(name), 'cache-control': 'max-age=31536000, immutable' }
  switch (fault) {
    case 'missing':
      response.writeHead(404).end('There is no such file.')
      break
    case 'page':
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><p>The app</p>')
      break
    case 'cut':
      response.writeHead(200, { ...headers, 'content-length': body.length })
      response.write(half, () => response.destroy())
      break
    case 'stalled':
      response.writeHead(200, { ...headers, 'content-length': body.length })
      response.write(half)
      break
    case 'short':
      response.writeHead(200, headers).end(half)
      break
    case 'garbage':
      response.writeHead(200, headers).end(Buffer.alloc(body.length, 'x'))
      break
    case 'throws':
      response.writeHead(200, { 'content-type': typeOf(name) }).end('throw new Error("This file fails when it runs.")')
      break
    case 'reset':
      response.destroy()
      break
    case 'silent':
      break
    default:
      fault satisfies never
  }
}
