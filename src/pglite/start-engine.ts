/** Starts PGlite so that whatever keeps it from starting is an error, and nothing is waited for without an end. */
import type { Extension, PGlite, PGliteOptions } from '@electric-sql/pglite'
import { TypystDbError } from '../errors.ts'
import { createDeferred } from '../internal/deferred.ts'
import { forgetAssets, loadAssets } from './engine-assets.ts'
import type { AssetsModule, LoadedAssets } from './engine-assets.ts'
import { unavailable } from './fetch-asset.ts'
import { withIdleTimers } from './idle-timers.ts'
import { creatingParser } from './keep-byte-order-marks.ts'

/**
 * Starts an engine.
 *
 * @param renew - Options that serve one attempt only, for the second one.
 * @throws TypystDbError `ASSETS_UNAVAILABLE` when PGlite's files cannot be had, and what PGlite throws.
 */
export async function startEngine(
  pglite: AssetsModule,
  options: PGliteOptions,
  renew: () => PGliteOptions = () => ({}),
): Promise<PGlite> {
  const assets = await loadAssets(pglite)
  try {
    return await start(pglite, options, assets)
  } catch (cause) {
    if (!assets || cause !== wrongSize) throw cause
    // The browser's cache may have it from a deploy that is gone, or half of it.
    forgetAssets(assets)
    const fetched = await loadAssets(pglite)
    return start(pglite, { ...options, ...renew() }, fetched).catch((again: unknown) => {
      if (again !== wrongSize) throw again
      forgetAssets(assets)
      throw unavailable(assets.dataUrl, 'a file of another size came', again)
    })
  }
}

const wrongSize = new Error('A file has another size than the engine wants.')

async function start(pglite: AssetsModule, options: PGliteOptions, assets: LoadedAssets | undefined): Promise<PGlite> {
  const failed = createDeferred<never>()
  const extensions = { start: watchStart(assets, (cause) => failed.reject(cause)) }
  const given = Object.assign(assets?.options() ?? {}, options, { extensions })
  const starting = creatingParser(() => pglite.PGlite.create(given))
  return Promise.race([starting, failed.promise])
}

/** The part of Emscripten's options that is used here. */
interface StartOptions {
  readonly instantiateWasm: (imports: WebAssembly.Imports, onInstance: OnInstance) => unknown
  readonly getPreloadedPackage: (name: string, bytes: number) => ArrayBuffer
}

type OnInstance = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void

/** Takes over two steps of the start whose failure PGlite would tell to no one. */
function watchStart(assets: LoadedAssets | undefined, fail: (cause: unknown) => void): Extension {
  let hasFailed = false
  return {
    name: 'start',
    setup(_client, given: StartOptions) {
      const emscriptenOpts: StartOptions = {
        ...given,
        instantiateWasm(imports, onInstance) {
          const ours = withIdleTimers(imports)
          if (!assets) return given.instantiateWasm(ours, onInstance)
          assets.modules
            .then(async (module) => {
              const instance = await WebAssembly.instantiate(module, ours)
              // An engine without its files must not come to read the storage.
              if (!hasFailed) onInstance(instance, module)
            })
            .catch((cause: unknown) => fail(cause instanceof TypystDbError ? cause : notStarted(cause)))
          return {}
        },
        getPreloadedPackage(name, bytes) {
          try {
            return given.getPreloadedPackage(name, bytes)
          } catch (cause) {
            hasFailed = true
            fail(assets ? wrongSize : cause)
            // It waits for its WebAssembly then, which does not come.
            return new ArrayBuffer(bytes)
          }
        },
      }
      return Promise.resolve({ emscriptenOpts })
    },
  }
}

function notStarted(cause: unknown): TypystDbError {
  return new TypystDbError(
    'ASSETS_UNAVAILABLE',
    'The WebAssembly of PGlite does not start here. Check that all of its files are of one release, and that there is memory left, and reload.',
    { cause },
  )
}
