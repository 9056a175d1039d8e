/**
 * Lets a Node process end whose work has ended. Postgres sets a timer of ten seconds to report its statistics after a
 * statement, Emscripten makes a timer of Node's of it, and that holds the process. In PGlite every statement runs in one
 * piece, so that no timer of Postgres is ever what a caller waits for.
 */

/** What Postgres calls to set a timer; PGlite 0.5.16 imports it under this name, and without it nothing changes. */
const setTimerName = '_setitimer_js'

/** What an engine imports, with timers that hold no process. */
export function withIdleTimers(imports: WebAssembly.Imports): WebAssembly.Imports {
  const setTimer = 'process' in globalThis ? imports['env']?.[setTimerName] : undefined
  if (typeof setTimer !== 'function') return imports
  const setIdleTimer = (...values: unknown[]): unknown => {
    const { setTimeout } = globalThis
    const setUnreferenced = (callback: () => void, ms?: number) => {
      const timer = setTimeout(callback, ms)
      if (typeof timer === 'object') timer.unref()
      return timer
    }
    try {
      // For this one call, which makes one timer at most.
      Object.assign(globalThis, { setTimeout: setUnreferenced })
      return Reflect.apply(setTimer, undefined, values)
    } finally {
      Object.assign(globalThis, { setTimeout })
    }
  }
  return { ...imports, env: { ...imports['env'], [setTimerName]: setIdleTimer } }
}
