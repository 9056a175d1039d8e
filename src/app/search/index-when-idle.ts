/** Works off pending entries while nobody writes, so that a search after a large import need not. */
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import type { ChangeFeed } from '../live/change-feed.ts'
import { refreshStatistics } from '../refresh-statistics.ts'

/** How long nothing has to change first, in milliseconds, and once more as long: somebody who types is not done yet. */
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
  /** Whether the next change will be told. */
  let isWaiting = false
  let stopWaiting: (() => void) | undefined

  const isScheduled = () => timer !== undefined
  const schedule = (delayMs: number) => {
    clearTimeout(timer)
    if (isStopped) return
    timer = setTimeout(() => void work(), delayMs)
    // In Node it must not keep a process from ending; in browsers a timer is a number.
    if (typeof timer === 'object') timer.unref()
  }
  /** Changes are not told while others are expected anyway; a quiet time begins with asking for the next one. */
  const waitForQuiet = async () => {
    isWaiting = true
    try {
      stopWaiting = await feed.once(() => {
        isWaiting = false
        schedule(quietMs)
      })
    } catch {
      isWaiting = false
    }
    if (isStopped) stopWaiting?.()
    else schedule(quietMs)
  }
  const work = async () => {
    timer = undefined
    if (!isWaiting) {
      await waitForQuiet()
      return
    }
    try {
      if (!isMine()) return
      const start = performance.now()
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
  void waitForQuiet()
  return () => {
    isStopped = true
    clearTimeout(timer)
    stopWaiting?.()
  }
}
