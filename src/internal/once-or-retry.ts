/** Shares one asynchronous attempt between callers. */

/** Shares one attempt between callers and forgets a failed one, so a later call can retry. */
export function onceOrRetry<T>(attempt: () => Promise<T>): () => Promise<T> {
  let shared: Promise<T> | undefined
  return () =>
    (shared ??= attempt().catch((cause: unknown) => {
      shared = undefined
      throw cause
    }))
}
