/** A promise that is settled from outside: `Promise.withResolvers`, which Node 20 and older browsers lack. */

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(cause: unknown): void
}

/** Makes one. A rejection that nobody waits for yet is no unhandled one. */
export function createDeferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined
  let reject: (cause: unknown) => void = () => undefined
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  promise.catch(() => undefined)
  return { promise, resolve: (value) => resolve(value), reject: (cause) => reject(cause) }
}
