/** When a live query runs: at first, and after changes of the tables it reads; one run at a time, and none too many. */
import { isTypystDbError } from '../../errors.ts'
import { schemaChange } from './change-feed.ts'
import type { ChangeFeed } from './change-feed.ts'
import type { TablesRead } from './tables-read.ts'

/** A query being watched over. */
export interface Watch {
  /** Runs it again. */
  refresh(): void
  stop(): void
}

/** What is watched over. */
export interface Watched {
  /** The tables whose changes matter; from then on each of their changes is told. */
  readonly findTables: () => Promise<TablesRead>
  /** Runs the query and gives what it failed with; never rejects. */
  readonly run: () => Promise<unknown>
  /** Told why watching cannot begin. `refresh()` tries again. */
  readonly fail: (cause: unknown) => void
}

/** Longest rest after a run, in milliseconds. */
const longestRestMs = 100

/** Begins to watch. */
export function startWatch({ findTables, run, fail }: Watched, feed: ChangeFeed): Watch {
  let tables: TablesRead | undefined
  /** How often what is known of the tables became worth nothing. */
  let forgotten = 0
  let unsubscribe: (() => void) | undefined
  let isStopped = false
  let isBusy = false
  let isStale = false
  let restEnds = 0
  /** How often in a row the engine has failed meanwhile: once may be another's fault, twice is the query's own. */
  let engineFailures = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const onChange = (tableId: string | undefined) => {
    if (tableId === undefined || tableId === schemaChange) {
      // A table of the same name may be another one now, a view may read others.
      tables = undefined
      forgotten += 1
    }
    if (tableId === undefined && engineFailures > 1) return
    // Until the tables are known, any may be one of them.
    if (tableId === undefined || !tables || tables === 'any' || tables.has(tableId)) request()
  }
  const begin = async () => {
    unsubscribe ??= await feed.subscribe(onChange)
    if (tables) return
    const before = forgotten
    const found = await findTables()
    if (before === forgotten) tables = found
  }
  const work = async () => {
    isBusy = true
    isStale = false
    let failure: unknown
    try {
      await begin()
      const start = performance.now()
      if (!stopped()) failure = await run()
      const end = performance.now()
      // As long as the run took: a burst of changes, each told by itself, keeps the database busy for half of the time.
      restEnds = end + Math.min(end - start, longestRestMs)
    } catch (cause) {
      failure = cause
      if (!stopped()) fail(cause)
    }
    engineFailures = isTypystDbError(failure) && failure.code === 'ENGINE_FAILED' ? engineFailures + 1 : 0
    if (engineFailures > 0) isStale = engineFailures === 1
    isBusy = false
    if (stopped()) unsubscribe?.()
    else if (needsRun()) request()
  }
  const request = () => {
    isStale = true
    if (isStopped || isBusy || timer !== undefined) return
    const restMs = restEnds - performance.now()
    if (restMs <= 0) {
      void work()
      return
    }
    timer = setTimeout(() => {
      timer = undefined
      void work()
    }, restMs)
  }
  // Asked by calls, because both change while `work` waits.
  const stopped = () => isStopped
  const needsRun = () => isStale

  void work()
  return {
    refresh() {
      engineFailures = 0
      request()
    },
    stop() {
      isStopped = true
      clearTimeout(timer)
      if (!isBusy) unsubscribe?.()
    },
  }
}
