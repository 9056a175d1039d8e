/** `app.live`: a query whose result stays up to date, as a store for any framework. */
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import { checkCalls } from '../../internal/check-arguments.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { liveQueryCalls } from '../app-calls.ts'
import type { ChangeFeed } from './change-feed.ts'
import { shareRows } from './share-rows.ts'
import { watchTablesRead } from './tables-read.ts'
import { startWatch } from './watch.ts'
import type { Watch } from './watch.ts'

/** A select or relational query of `app.db`, not awaited. */
export interface LiveSource<TResult> extends PromiseLike<TResult> {
  toSQL(): { readonly sql: string; readonly params: readonly unknown[] }
}

/** How a live query stands. Each change makes a new snapshot; until then it is the same object. */
export type LiveSnapshot<TResult> =
  | { readonly status: 'pending'; readonly data: undefined; readonly error: undefined }
  | { readonly status: 'ready'; readonly data: TResult; readonly error: undefined }
  /** The query failed; `data` is what it gave before. It runs again when a table it reads changes, or by `refresh()`. */
  | { readonly status: 'failed'; readonly data: TResult | undefined; readonly error: TypystDbError }

/** A store of a query's newest result. It watches the database while somebody is subscribed or iterates. */
export interface LiveQuery<TResult> extends AsyncIterable<TResult>, Disposable {
  /** Calls the listener with the snapshot now and whenever there is a new one, until the returned function is called. */
  readonly subscribe: (listener: (snapshot: LiveSnapshot<TResult>) => void) => () => void
  /** The newest snapshot; always a whole result of one run. */
  readonly getSnapshot: () => LiveSnapshot<TResult>
  /** Runs the query again although no table it reads has changed. */
  refresh(): void
  /** Ends it for good: nobody is called any more, and iterations end. */
  dispose(): void
}

/** Builds the store; nothing runs until somebody subscribes. */
export function createLiveQuery<TResult>(
  source: LiveSource<TResult>,
  executor: SqlExecutor,
  feed: ChangeFeed,
): LiveQuery<TResult> {
  let snapshot: LiveSnapshot<TResult> = { status: 'pending', data: undefined, error: undefined }
  const listeners = new Set<(snapshot: LiveSnapshot<TResult>) => void>()
  let watch: Watch | undefined
  let isDisposed = false
  /** Iterations that wait for the next snapshot. */
  const sleepers = new Set<() => void>()

  const publish = (next: LiveSnapshot<TResult>) => {
    snapshot = next
    for (const listener of [...listeners]) listener(next)
    for (const wake of [...sleepers]) wake()
  }
  const run = async (): Promise<unknown> => {
    try {
      const data = shareRows(snapshot.data, await source)
      if (snapshot.status !== 'ready' || data !== snapshot.data) publish({ status: 'ready', data, error: undefined })
      return undefined
    } catch (cause) {
      fail(cause)
      return cause
    }
  }
  const fail = (cause: unknown) => publish({ status: 'failed', data: snapshot.data, error: toError(cause) })
  const findTables = () => watchTablesRead(executor, source.toSQL())
  const stop = () => {
    watch?.stop()
    watch = undefined
  }
  const subscribe: LiveQuery<TResult>['subscribe'] = (listener) => {
    // A function of its own, so that one listener may subscribe twice.
    const own = (next: LiveSnapshot<TResult>) => listener(next)
    own(snapshot)
    if (isDisposed) return () => undefined
    listeners.add(own)
    watch ??= startWatch({ findTables, run, fail }, feed)
    return () => {
      if (listeners.delete(own) && listeners.size === 0) stop()
    }
  }
  const dispose = () => {
    isDisposed = true
    listeners.clear()
    stop()
    for (const wake of [...sleepers]) wake()
  }
  const newSnapshot = () =>
    new Promise<void>((resolve) => {
      const wake = () => {
        sleepers.delete(wake)
        resolve()
      }
      sleepers.add(wake)
    })

  return checkCalls('liveQuery.', liveQueryCalls, {
    subscribe,
    getSnapshot: () => snapshot,
    refresh: () => watch?.refresh(),
    dispose,
    [Symbol.dispose]: dispose,
    async *[Symbol.asyncIterator]() {
      let seen: LiveSnapshot<TResult> | undefined
      const unsubscribe = subscribe(() => undefined)
      try {
        while (!isDisposed) {
          if (snapshot === seen || snapshot.status === 'pending') {
            await newSnapshot()
          } else {
            seen = snapshot
            if (seen.status === 'failed') throw seen.error
            yield seen.data
          }
        }
      } finally {
        unsubscribe()
      }
    },
  })
}

function toError(cause: unknown): TypystDbError {
  if (isTypystDbError(cause)) return cause
  return new TypystDbError('QUERY_FAILED', 'The live query could not run. `cause` says why.', { cause })
}
