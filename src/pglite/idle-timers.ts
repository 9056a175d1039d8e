/**
 * Lets a Node process end whose work has ended. Postgres sets a timer of ten seconds to report its statistics after a
 * statement, Emscripten makes a timer of Node's of it, and that holds the process. In PGlite every statement runs in one
 * piece, so that no timer of Postgres is ever what a caller waits for.
 */
import type { Extension } from '@electric-sql/pglite'

/** What Postgres calls to set a timer; PGlite 0.5.16 imports it under this name, and without it nothing changes. */
const setTimerName = '_setitimer_js'

/** Extensions of PGlite for where there are processes. */
export function idleTimers(): { readonly extensions?: Readonly<Record<string, Extension>> } {
  return 'process' in globalThis ? { extensions: { idleTimers: extension } } : {}
}

/** The part of Emscripten's options that is used here. */
interface EngineOptions {
  readonly instantiateWasm: (imports: WebAssembly.Imports, ...rest: unknown[]) => unknown
}

const extension: Extension = {
  name: 'idle timers',
  setup(_client, options: EngineOptions) {
    const emscriptenOpts: EngineOptions = {
      ...options,
      instantiateWasm: (imports, ...rest) => options.instantiateWasm(withIdleTimers(imports), ...rest),
    }
    return Promise.resolve({ emscriptenOpts })
  },
}

function withIdleTimers(imports: WebAssembly.Imports): WebAssembly.Imports {
  const setTimer = imports['env']?.[setTimerName]
  if (typeof setTimer !== 'function') return imports
  const setIdleTimer = (...values: unknown[]): unknown => {
    const { setTimeout } = globalThis
    // For this one call, which makes one timer at most.
    const setUnreferenced = (callback: () => void, ms?: number) => setTimeout(callback, ms).unref()
    try {
      Object.assign(globalThis, { setTimeout: setUnreferenced })
      return Reflect.apply(setTimer, undefined, values)
    } finally {
      Object.assign(globalThis, { setTimeout })
    }
  }
  return { ...imports, env: { ...imports['env'], [setTimerName]: setIdleTimer } }
}
