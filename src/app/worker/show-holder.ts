/** Shows who has a database open where the browser does not tell. */
import { holderLock } from './names.ts'

/**
 * Holds a lock of the holder's own where `query()` is refused, as Firefox does in a frame of another site. Costs nothing
 * elsewhere.
 *
 * @param workerId - Absent for a page.
 * @returns Lets go of it.
 */
export function showHolder(name: string, workerId?: string): () => void {
  const shown = new AbortController()
  const hidden = new Promise<void>((resolve) => shown.signal.addEventListener('abort', () => resolve()))
  navigator.locks
    .query()
    .catch(() => navigator.locks.request(holderLock(name, workerId), { signal: shown.signal }, () => hidden))
    // It was let go before it was there.
    .catch(() => undefined)
  return () => shown.abort()
}
