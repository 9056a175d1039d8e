/** Waiting for the browser, which says nothing while another page keeps it from beginning. */
import { TypystDbError } from '../../errors.ts'

/** Time is counted in fifths, and only while this page runs: its own standing still is not another's. */
const ticksUntilBlocked = 5

/**
 * Waits for an outcome, but not for ever for its beginning.
 *
 * @param timeoutMs - How long another page may be in the way, in milliseconds; absent where none can be.
 * @param transaction - Where the first answer of a request tells that it has begun.
 * @throws TypystDbError `STORAGE_BLOCKED`; what was asked for happens all the same once the other page lets go.
 */
export async function unlessBlocked<T>(
  outcome: Promise<T>,
  timeoutMs: number | undefined,
  transaction?: IDBTransaction,
): Promise<T> {
  if (timeoutMs === undefined) return outcome
  let ticker: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(ticker)
  const blocked = new Promise<never>((_, reject) => {
    let ticks = 0
    ticker = setInterval(() => {
      ticks += 1
      if (ticks === ticksUntilBlocked) reject(storageBlocked())
    }, timeoutMs / ticksUntilBlocked)
  })
  // An answer passes its transaction on the way to its request.
  transaction?.addEventListener('success', stop, { capture: true, once: true })
  try {
    return await Promise.race([outcome, blocked])
  } finally {
    stop()
  }
}

function storageBlocked(): TypystDbError {
  return new TypystDbError(
    'STORAGE_BLOCKED',
    'Another tab stands still in the middle of using this database. Close the other tabs of this site, or try again in a minute. What is not stored yet is kept and tried again with the next query.',
  )
}
