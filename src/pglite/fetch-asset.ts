/** Fetches what PGlite is made of, and says what came when it was something else. */
import { TypystDbError } from '../errors.ts'

/** How long a server may send nothing, in milliseconds: what is slow arrives, what has stopped is given up. */
const silentAtMostMs = 8_000

/** How long the browser may compile while it downloads, in milliseconds; then the bytes are counted as they come. */
const streamsAtMostMs = 15_000

/** Why a server is given up that sends nothing: it would not be asked again with more success. */
const silence = new Error('Nothing came in time.')

/**
 * Fetches and compiles WebAssembly, while it arrives where the server names its type.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE`.
 */
export async function fetchModule(url: string): Promise<WebAssembly.Module> {
  const kept = held.get(url)
  if (kept) return WebAssembly.compile(await kept.arrayBuffer())
  const giveUp = new AbortController()
  try {
    return await streamModule(url, giveUp)
  } catch (cause) {
    if (isSilent(giveUp)) throw cause
    // Once more past the browser's cache, which keeps what came in pieces or from a deploy that is gone.
    const { bytes, came } = await fetchBytes(url, 'reload')
    return WebAssembly.compile(bytes).catch((cause: unknown) => {
      throw unavailable(url, `${came}, and is no WebAssembly`, cause)
    })
  }
}

/**
 * Fetches a file.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE`.
 */
export async function fetchFile(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const kept = held.get(url)
  if (kept) return new Uint8Array(await kept.arrayBuffer())
  const giveUp = new AbortController()
  if (!wrong.has(url)) {
    try {
      const { bytes } = await fetchBytes(url, 'default', giveUp)
      return bytes
    } catch (cause) {
      if (isSilent(giveUp)) throw cause
    }
  }
  const { bytes } = await fetchBytes(url, 'reload')
  return bytes
}

/** Bytes that were fetched for later, which browsers keep outside of the worker's memory. */
const held = new Map<string, Blob>()

/** Files that came whole and were not what they should be: the browser's cache may have them still. */
const wrong = new Set<string>()

/** Has a file fetched past the browser's cache from now on. */
export function forgetFile(url: string): void {
  held.delete(url)
  wrong.add(url)
}

/**
 * Fetches a file and keeps it.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE`.
 */
export async function holdFile(url: string): Promise<void> {
  if (!held.has(url)) held.set(url, new Blob([await fetchFile(url)]))
}

/** The error for an asset; its address without what may be secret in it. */
export function unavailable(url: string, came: string, cause?: unknown): TypystDbError {
  return new TypystDbError(
    'ASSETS_UNAVAILABLE',
    `A part of PGlite could not be had from ${withoutSecrets(url)}: ${came}. Check that the server has this file and does not answer with a page instead; with Vite, exclude "@electric-sql/pglite" from \`optimizeDeps\`. Then try again.`,
    { cause },
  )
}

/** An address without a query, a fragment, a user name and a password. */
export function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'an address that cannot be read'
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

async function streamModule(url: string, giveUp: AbortController): Promise<WebAssembly.Module> {
  const timer = setTimeout(() => giveUp.abort(), streamsAtMostMs)
  try {
    return await WebAssembly.compileStreaming(await fetchAnswer(url, 'default', giveUp))
  } finally {
    clearTimeout(timer)
  }
}

/** All bytes of a file, and what they came as. */
async function fetchBytes(
  url: string,
  cache: RequestCache,
  giveUp = new AbortController(),
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly came: string }> {
  const response = await fetchAnswer(url, cache, giveUp)
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (let isDone = !reader; reader && !isDone;) {
      const { done, value } = await unlessSilent(reader.read(), giveUp)
      if (value) {
        chunks.push(value)
        size += value.length
      }
      isDone = done
    }
  } catch (cause) {
    throw unavailable(url, `${describe(response)} stopped after ${size} bytes`, cause)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return { bytes, came: `${describe(response)}, ${size} bytes, came` }
}

/** An answer that may be the file: a page is what many servers send for files that they do not have. */
async function fetchAnswer(url: string, cache: RequestCache, giveUp: AbortController): Promise<Response> {
  let response: Response
  try {
    response = await unlessSilent(fetch(url, { cache, signal: giveUp.signal }), giveUp)
  } catch (cause) {
    throw unavailable(url, isSilent(giveUp) ? 'no answer came in time' : 'the network gave no answer', cause)
  }
  const isPage = /^text\/html/i.test(response.headers.get('content-type') ?? '')
  if (response.ok && !isPage) return response
  const bytes = await unlessSilent(response.arrayBuffer(), giveUp).then(
    ({ byteLength }) => `${byteLength} bytes, `,
    () => '',
  )
  throw unavailable(url, `${describe(response)}, ${bytes}came`)
}

async function unlessSilent<T>(answer: Promise<T>, giveUp: AbortController): Promise<T> {
  const timer = setTimeout(() => giveUp.abort(silence), silentAtMostMs)
  try {
    return await answer
  } finally {
    clearTimeout(timer)
  }
}

const isSilent = ({ signal }: AbortController): boolean => signal.reason === silence

function describe({ status, headers }: Response): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? `${status} ${type}` : `${status} without a type`
}
