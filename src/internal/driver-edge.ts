/** Where a driver's errors become ours: around each call, and around a transaction without touching the caller's errors. */
import { toDatabaseError } from './database-error.ts'

/** Runs a driver's call and translates what it throws. */
export async function atDriverEdge<T>(call: () => PromiseLike<T>): Promise<T> {
  try {
    return await call()
  } catch (thrown) {
    throw toDatabaseError(thrown)
  }
}

/**
 * Runs a driver's transaction. What `run` throws reaches the caller unchanged; what the driver throws by itself, at
 * begin or commit, is translated.
 *
 * @param begin - Begins, calls its argument once, then commits, or rolls back when that rejects.
 */
export async function transactionAtDriverEdge<TSession, T>(
  begin: (body: (session: TSession) => Promise<T>) => Promise<T>,
  run: (session: TSession) => Promise<T>,
): Promise<T> {
  let failure: { readonly cause: unknown } | undefined
  try {
    return await begin(async (session) => {
      try {
        return await run(session)
      } catch (cause) {
        failure = { cause }
        throw cause
      }
    })
  } catch (thrown) {
    throw failure ? failure.cause : toDatabaseError(thrown)
  }
}
