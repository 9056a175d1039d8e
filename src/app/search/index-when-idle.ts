/** Works off pending entries while nobody writes, so that a search after a large import need not. */
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import type { ChangeFeed } from '../live/change-feed.ts'
import { refreshStatistics } from '../refresh-statistics.ts'

/** How long nothing has to change first, in milliseconds: somebody who types is not done yet. */
const quietMs = 2000

/** Small enough that a query which comes meanwhile hardly waits, some ten milliseconds. */
const idleBatch = { entries: 16, bytes: 64 * 1024 }

/** For each part of the time spent on a batch, so many parts of rest. */
const restRatio = 2

/**
 * Begins to index in idle time, what an earlier session left over included.
 *
 * @param isMine - Whether it is this tab's to do; one of those that share a database is enough.
 * @returns Ends it; a batch under way is still finished.
 */
export function indexWhenIdle(executor: SqlExecutor, feed: ChangeFeed, isMine: () => boolean): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isStopped = false
  let unsubscribe: (() => void) | undefined

  const isScheduled = () => timer !== undefined
  const schedule = (delayMs: number) => {
    clearTimeout(timer)
    if (!isStopped) timer = setTimeout(() => void work(), delayMs)
  }
  const work = async () => {
    timer = undefined
    if (!isMine()) return
    const start = performance.now()
    try {
      await refreshStatistics(executor)
      const { indexPending } = await import('./index-pending.ts')
      // Something that changed meanwhile has set the timer anew.
      if ((await indexPending(executor, idleBatch)) > 0 && !isScheduled()) {
        schedule((performance.now() - start) * restRatio)
      }
    } catch {
      // The next search tries the same, and tells why it failed.
    }
  }
  void feed
    .subscribe(() => schedule(quietMs))
    .then(
      (end) => {
        unsubscribe = end
        if (isStopped) end()
        else schedule(quietMs)
      },
      // Without a database there is nothing to index.
      () => undefined,
    )
  return () => {
    isStopped = true
    clearTimeout(timer)
    unsubscribe?.()
  }
}
