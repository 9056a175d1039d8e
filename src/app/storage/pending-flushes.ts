/** Orders flushes one after the other, and lets relaxed ones wait for a bounded time. */
import { changedBytes } from './journal.ts'
import type { PendingChanges } from './plan-flush.ts'

/** Changes that may wait in memory in relaxed mode before a query has to wait for their flush. */
const pendingBytesAllowed = 32 * 1024 * 1024

/** How long a failed relaxed flush rests at most before the next try, in milliseconds. */
const longestRetryMs = 30_000

/** What {@link createPendingFlushes} calls. */
export interface PendingFlushesOptions {
  readonly flushWithinMs: number
  /** Whether a relaxed change is handed to the browser before it resolves: there may be no moment in which to do it later. */
  readonly issuesAtOnce: boolean
  /** Stores changes, all or none. */
  readonly write: (pending: readonly PendingChanges[], isUrgent: boolean, onIssued?: () => void) => Promise<void>
  /** Work on the store that can wait; its failure changes nothing. */
  readonly tidy: () => Promise<void>
  readonly onChange: () => void
}

/** The queue of a store. */
export interface PendingFlushes {
  /** Resolves when the changes are stored. */
  strict(changes: PendingChanges): Promise<void>
  /** Resolves at once; throws when an earlier change could not be stored within its time. */
  relaxed(changes: PendingChanges): Promise<void>
  /** Resolves when nothing waits any more. */
  flush(): Promise<void>
  /** Flushes, and runs work on the store before any other flush. */
  flushAnd(work: () => Promise<void>): Promise<void>
  /** Flushes, and stops listening to the page. When it throws it can be called again. */
  close(): Promise<void>
  /** Flushes without waiting for an answer, because there may be no time for one. */
  flushUrgently(): void
  /** Drops what waits. */
  abandon(): void
  hasPending(): boolean
  /** Does the work that can wait, as after a flush. */
  tidy(): void
}

/** Makes a queue; it listens to the page's going away from the first relaxed change on. */
export function createPendingFlushes(options: PendingFlushesOptions): PendingFlushes {
  const { flushWithinMs, issuesAtOnce, write, tidy, onChange } = options
  let pending: PendingChanges[] = []
  let pendingBytes = 0
  let hasFailed = false
  let retryMs = flushWithinMs
  let timer: ReturnType<typeof setTimeout> | undefined
  let tail: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let stopListening: (() => void) | undefined

  /** One at a time: each flush is planned on what the one before it stored. */
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    waiting += 1
    const run = tail.then(work).finally(() => (waiting -= 1))
    tail = run.catch(() => undefined)
    return run
  }

  const tidyWhenIdle = (): void => {
    if (waiting > 0) return
    void exclusive(tidy).catch(() => undefined)
  }

  const writePending = async (isUrgent: boolean, onIssued?: () => void): Promise<void> => {
    const batch = pending
    if (batch.length === 0) return
    pending = []
    const bytes = pendingBytes
    pendingBytes = 0
    try {
      await write(batch, isUrgent, onIssued)
      hasFailed = false
      retryMs = flushWithinMs
    } catch (cause) {
      pending = [...batch, ...pending]
      pendingBytes += bytes
      hasFailed = true
      retryMs = Math.min(Math.max(retryMs, 100) * 2, longestRetryMs)
      schedule()
      throw cause
    }
  }

  const flush = async (isUrgent = false, onIssued?: () => void): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const hadPending = pending.length > 0
    await exclusive(() => writePending(isUrgent, onIssued))
    if (hadPending) tidyWhenIdle()
  }

  const schedule = (): void => {
    // Hidden pages have their timers held back for up to a minute, so there is no waiting in one.
    const isHidden = typeof document !== 'undefined' && document.visibilityState === 'hidden'
    timer ??= setTimeout(
      () => void flush().catch(() => undefined),
      isHidden && !hasFailed ? 0 : hasFailed ? retryMs : flushWithinMs,
    )
  }

  const listen = (): void => {
    stopListening ??= onPageLeaving(flushUrgently)
  }
  const flushUrgently = (): void => {
    flush(true).catch(() => undefined)
  }

  /** Resolves when the browser has what waits; a failure is for the next change to report. */
  const issue = (): Promise<void> =>
    new Promise((resolve) => {
      flush(true, resolve).then(resolve, () => resolve())
    })

  return {
    async strict(changes) {
      await exclusive(() => write([changes], false))
      tidyWhenIdle()
    },
    async relaxed(changes) {
      if (hasFailed || pendingBytes > pendingBytesAllowed) await flush()
      listen()
      pending.push(changes)
      pendingBytes += changedBytes([changes])
      schedule()
      onChange()
      if (issuesAtOnce) await issue()
    },
    flush: () => flush(),
    async flushAnd(work) {
      await flush()
      await exclusive(work)
    },
    async close() {
      await flush()
      await tail
      stopListening?.()
      stopListening = undefined
    },
    flushUrgently,
    abandon() {
      clearTimeout(timer)
      pending = []
      stopListening?.()
      stopListening = undefined
    },
    hasPending: () => pending.length > 0,
    tidy: tidyWhenIdle,
  }
}

/** Calls back when the page is hidden or left, which is the last moment a page is sure to have. */
function onPageLeaving(callback: () => void): () => void {
  if (typeof document === 'undefined') return () => undefined
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') callback()
  }
  document.addEventListener('visibilitychange', onVisibility)
  globalThis.addEventListener('pagehide', callback)
  return () => {
    document.removeEventListener('visibilitychange', onVisibility)
    globalThis.removeEventListener('pagehide', callback)
  }
}
