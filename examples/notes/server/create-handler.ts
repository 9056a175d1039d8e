/** Answers every request: Better Auth under `/api/auth`, the built page elsewhere. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { toNodeHandler } from 'better-auth/node'
import { noncePlaceholder } from './build-page.ts'
import type { PageFiles } from './build-page.ts'
import type { NotesAuth } from './create-notes-auth.ts'
import { securityHeaders } from './security-headers.ts'

export interface HandlerOptions {
  readonly auth: NotesAuth
  readonly page: PageFiles
  /** The one address this server answers at, such as `http://127.0.0.1:4173`. */
  readonly origin: string
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.data': 'application/octet-stream',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

export function createHandler({ auth, page, origin }: HandlerOptions): RequestListener {
  const handleAuth = toNodeHandler(auth)
  const { host } = new URL(origin)

  return (request, response) => {
    const nonce = randomBytes(16).toString('base64url')
    for (const [name, value] of securityHeaders(nonce)) response.setHeader(name, value)

    const path = pathOf(request)
    if (path === undefined) {
      answer(response, 400, 'This address cannot be read.')
    } else if (request.headers.host !== host) {
      // Another name for this machine is another origin, with a storage of its own: notes would seem to be gone.
      // It also keeps strangers' domains that resolve to this machine away from the sessions.
      response.writeHead(308, { location: origin + path }).end()
    } else if (path.startsWith('/api/auth/')) {
      handleAuth(request, response).catch((error: unknown) => {
        console.error(error instanceof Error ? error.message : error)
        if (response.headersSent) response.destroy()
        else answer(response, 500, 'The sign-in service failed. Try again.')
      })
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      answer(response.setHeader('allow', 'GET, HEAD'), 405, 'Only reading is possible here.')
    } else {
      sendPageFile(response, page, path === '/' ? 'index.html' : path.slice(1), nonce)
    }
  }
}

function sendPageFile(response: ServerResponse, page: PageFiles, name: string, nonce: string): void {
  const body = page.get(name)
  if (body === undefined) {
    answer(response, 404, 'There is nothing at this address.')
    return
  }
  response.setHeader('content-type', contentTypes[extname(name)] ?? 'application/octet-stream')
  // Vite names assets after their content, so they can be kept for good. The page itself names them and cannot.
  response.setHeader('cache-control', name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-store')
  response.end(typeof body === 'string' ? body.replaceAll(noncePlaceholder, nonce) : body)
}

function answer(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`)
}

/** The path alone; undefined when the request line holds no usable one. */
function pathOf(request: IncomingMessage): string | undefined {
  const target = request.url ?? ''
  // Two slashes would be read as a host, here and in a redirect.
  if (!target.startsWith('/') || target.startsWith('//')) return undefined
  return URL.canParse(target, 'http://host') ? new URL(target, 'http://host').pathname : undefined
}
