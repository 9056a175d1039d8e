/**
 * Finds and loads the files that PGlite is made of: `pglite.wasm`, `pglite.data` and `initdb.wasm`. PGlite 0.5.16 fetches them
 * by itself, without looking at what comes: a file that is missing, cut or a page leaves its opening pending for ever, with an
 * uncaught error, and stays in its cache. It takes them as options, too, but only its own module knows their addresses,
 * which bundlers have written into it.
 */
import type { MemoryFS, PGlite, PGliteOptions } from '@electric-sql/pglite'
import { createDeferred } from '../internal/deferred.ts'
import { onceOrRetry } from '../internal/once-or-retry.ts'
import { fetchFile, fetchModule, forgetFile, holdFile } from './fetch-asset.ts'

/** The files, as options of PGlite. */
export type EngineAssets = Pick<PGliteOptions, 'pgliteWasmModule' | 'initdbWasmModule' | 'fsBundle'>

/** Files that an engine can begin with, and where they came from. */
export interface LoadedAssets {
  /** Options for one engine. Its modules can be run once `modules` has come. */
  options(): EngineAssets
  /** The WebAssembly of Postgres, once all of PGlite's is compiled: an engine unpacks `pglite.data` meanwhile. */
  readonly modules: Promise<WebAssembly.Module>
  /** Where `pglite.data` came from. */
  readonly dataUrl: string
}

/** The part of PGlite's module that is used here. */
export interface AssetsModule {
  readonly PGlite: typeof PGlite
  readonly MemoryFS: typeof MemoryFS
}

let load: (() => Promise<LoadedAssets | undefined>) | undefined

/** Asked for once: PGlite fetches no address twice. */
let addresses: Promise<AssetUrls | undefined> | undefined

/**
 * Fetches `pglite.data` and begins to compile the rest, once for all engines of this page or worker.
 *
 * @returns Nothing where PGlite reads them from files, as in Node, or does not tell where they are.
 * @throws TypystDbError `ASSETS_UNAVAILABLE`; a later call tries again.
 */
export function loadAssets(pglite: AssetsModule): Promise<LoadedAssets | undefined> {
  load ??= onceOrRetry(async () => {
    const urls = await (addresses ??= findAssets(pglite))
    return urls && fetchAll(urls)
  })
  return load()
}

/** Has the next engine fetch anew what turned out to be wrong. */
export function forgetAssets({ dataUrl }: LoadedAssets): void {
  forgetFile(dataUrl)
  load = undefined
}

/**
 * Fetches them and keeps the bytes, unless they are loaded already.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE`.
 */
export async function holdAssets(pglite: AssetsModule): Promise<void> {
  const urls = load ? undefined : await (addresses ??= findAssets(pglite))
  if (urls) await Promise.all([urls.wasm, urls.data].map((url) => holdFile(url)))
}

interface AssetUrls {
  readonly wasm: string
  readonly data: string
  readonly initdb: string
}

async function fetchAll(urls: AssetUrls): Promise<LoadedAssets> {
  let compiled = emptyModule()
  let initdb = emptyModule()
  let initdbFailure: Error | undefined
  const modules = Promise.all([
    fetchModule(urls.wasm).then((module) => (compiled = module)),
    fetchModule(urls.initdb).then(
      (module) => (initdb = module),
      // Only a database that begins without the shipped snapshot needs it.
      (cause: unknown) => {
        initdbFailure = cause instanceof Error ? cause : new Error('initdb.wasm cannot be had.')
      },
    ),
  ]).then(([module]) => module)
  // Told by the engines that wait for it.
  modules.catch(() => (load = undefined))
  const data = await fetchFile(urls.data)
  return {
    dataUrl: urls.data,
    modules,
    options() {
      let isKnown = false
      return {
        // PGlite asks whether there is one when it begins, and for the modules themselves when they have come.
        get pgliteWasmModule() {
          return compiled
        },
        get initdbWasmModule() {
          if (isKnown && initdbFailure) throw initdbFailure
          isKnown = true
          return initdb
        },
        // Postgres keeps parts of it as its own.
        fsBundle: Object.assign(new Blob(), { arrayBuffer: () => Promise.resolve(data.slice().buffer) }),
      }
    },
  }
}

const emptyModule = () => new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))

/** Thrown to end the engine that is asked for the addresses. */
const askedEnough = new Error('The addresses are known.')

/**
 * Has PGlite begin to fetch, which it does before it waits for anything, and listens. That engine ends there. What it began
 * to fetch, PGlite keeps for engines that others make; those fetch when they need it.
 */
async function findAssets({ PGlite, MemoryFS }: AssetsModule): Promise<AssetUrls | undefined> {
  const { fetch } = globalThis
  if (typeof fetch !== 'function' || !('location' in globalThis)) return undefined
  const urls: string[] = []
  let isAsking = true
  const listen = (url: URL): PromiseLike<Response> => {
    urls.push(url.href)
    return { then: (...given) => (isAsking ? createDeferred<Response>().promise : fetch(url)).then(...given) }
  }
  const engine = duringFetch(
    listen,
    () =>
      new PGlite({
        fs: new MemoryFS(),
        noInitDb: true,
        // Asked for next, before any memory is taken.
        get initialMemory(): number {
          throw askedEnough
        },
      }),
  )
  await engine.waitReady.catch(() => undefined)
  isAsking = false
  // In the order in which it fetches them; a release that does so otherwise fetches by itself.
  const [wasm, initdb, data, ...others] = urls
  return wasm && initdb && data && others.length === 0 ? { wasm, initdb, data } : undefined
}

/** Runs `work`, which waits for nothing, with another `fetch`. */
function duringFetch<T>(listen: (url: URL) => PromiseLike<Response>, work: () => T): T {
  const { fetch } = globalThis
  Object.assign(globalThis, { fetch: listen })
  try {
    return work()
  } finally {
    Object.assign(globalThis, { fetch })
  }
}
