/** Waiting for the browser, which says nothing while another page keeps it from beginning. */
import { TypystDbError } from '../../errors.ts'

/** Time is counted in fifths, and only while this page runs: its own standing still is not another's. */
const ticksUntilBlocked = 5

/** Something that is waited for. */
interface Wait {
  ticks: number
  readonly giveUp: () => void
}

/** What is waited for, by its time in milliseconds: one timer each, as a timer for every write costs more than its sum. */
const waitsByTimeout = new Map<number, Set<Wait>>()

/**
 * Waits for an outcome, but not for ever for its beginning.
 *
 * @param timeoutMs - How long another page may be in the way, in milliseconds, less up to a fifth; absent where none can be.
 * @param transaction - Where the first answer of a request tells that it has begun.
 * @throws TypystDbError `STORAGE_BLOCKED`; what was asked for happens all the same once the other page lets go.
 */
export async function unlessBlocked<T>(
  outcome: Promise<T>,
  timeoutMs: number | undefined,
  transaction?: IDBTransaction,
): Promise<T> {
  if (timeoutMs === undefined) return outcome
  const waits = waitsByTimeout.get(timeoutMs) ?? startTicker(timeoutMs)
  let wait: Wait | undefined
  const blocked = new Promise<never>((_, reject) => {
    wait = { ticks: 0, giveUp: () => reject(storageBlocked()) }
    waits.add(wait)
  })
  const stop = (): void => {
    if (wait) waits.delete(wait)
  }
  // An answer passes its transaction on the way to its request.
  transaction?.addEventListener('success', stop, { capture: true, once: true })
  try {
    return await Promise.race([outcome, blocked])
  } finally {
    stop()
  }
}

/** Ticks until a tick finds nothing that is waited for. */
function startTicker(timeoutMs: number): Set<Wait> {
  const waits = new Set<Wait>()
  waitsByTimeout.set(timeoutMs, waits)
  const ticker = setInterval(() => {
    if (waits.size === 0) {
      clearInterval(ticker)
      waitsByTimeout.delete(timeoutMs)
    }
    for (const wait of waits) {
      wait.ticks += 1
      if (wait.ticks === ticksUntilBlocked) wait.giveUp()
    }
  }, timeoutMs / ticksUntilBlocked)
  return waits
}

function storageBlocked(): TypystDbError {
  return new TypystDbError(
    'STORAGE_BLOCKED',
    'Another tab stands still in the middle of using this database. Close the other tabs of this site, or try again in a minute. What is not stored yet is kept and tried again with the next query.',
  )
}
