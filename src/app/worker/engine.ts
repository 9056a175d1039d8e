/** The open database as the leader uses it: one job at a time, each stored with its outcome before anybody hears of it. */
import { TypystDbError } from '../../errors.ts'
import { createDeferred } from '../../internal/deferred.ts'
import type { Deferred } from '../../internal/deferred.ts'
import type { OpenedApp } from '../connection/open-at.ts'
import type { KeptOutcome, RequestKey } from '../storage/outcome-log.ts'
import { runCall } from './call-engine.ts'
import type { Statements } from './call-engine.ts'
import { decodeError, encodeError } from './error-codec.ts'
import { holdNotifications } from './held-notifications.ts'
import { createJobQueue } from './job-queue.ts'
import { withoutLargeRows } from './outcome-size.ts'
import type { Answer, Call, Outcome } from './protocol.ts'

/** Calls that end a session. */
export type EndingCall = Extract<Call, { readonly type: 'commit' | 'rollback' | 'release' }>

/** A transaction, or the engine held without one, between its first and its last request. */
export interface EngineSession {
  /** Runs one of its calls. */
  run(call: Call): Promise<Answer>
  /** Ends it; resolves with what became of it when that is stored. */
  end(key: RequestKey, call: EndingCall): Promise<JobOutcome>
  /** Ends it without its tab: rolled back, and `error` for whatever the tab still asks of it. */
  abort(error: TypystDbError): void
}

/** What a job came to. */
export interface JobOutcome {
  readonly outcome: Outcome
  /** Whether it is kept with the database, because it changed something. */
  readonly isKept: boolean
}

/** The engine behind a leader. */
export interface Engine {
  readonly opened: OpenedApp
  /** Runs work of the leader's own when its turn has come; what it changes is stored when that resolves. */
  runOwn(work: () => Promise<void>): Promise<void>
  /** Lets the job that runs end, and runs no other; with `error`, those that wait fail with it. */
  stop(error?: TypystDbError): Promise<void>
  /** Runs a call that belongs to no session. `check` is called when its turn has come. */
  run(key: RequestKey, call: Call, check: () => void): Promise<JobOutcome>
  /** Opens a session when its turn has come. */
  begin(kind: 'begin' | 'hold', check: () => void): Promise<EngineSession>
}

/** What an engine needs to know. */
export interface EngineOptions {
  /** After how long a session that sends nothing makes way, in milliseconds. */
  readonly transactionIdleTimeoutMs: number
  /** Told what the database notifies of, when what it tells of is stored; in relaxed mode when it is acknowledged. */
  readonly onNotification: (channel: string, payload: string) => void
}

/** Wraps an open database. */
export function createEngine(opened: OpenedApp, { transactionIdleTimeoutMs, onNotification }: EngineOptions): Engine {
  const { client } = opened
  const queue = createJobQueue()
  const notifications = holdNotifications(client, onNotification)

  /** Runs `work` so that its effects are stored in one go with what it came to. */
  const keep = async (work: () => Promise<FinishedWork>): Promise<JobOutcome> => {
    let finished: Outcome | undefined
    const perform = async (): Promise<KeptOutcome | undefined> => {
      const { key, outcome } = await work()
      finished = await refuseStrayTransaction(opened, outcome)
      return key && { key, outcome: withoutLargeRows(finished), at: Date.now() }
    }
    try {
      const isKept = opened.sharing ? await opened.sharing.keep(perform) : (await perform(), false)
      notifications.release()
      return { outcome: finished ?? done, isKept }
    } catch (cause) {
      // It could not be stored. It is in memory still, and is stored with whatever comes next.
      return { outcome: { ok: false, error: encodeError(cause) }, isKept: false }
    }
  }

  return {
    opened,
    runOwn: (work) =>
      queue.run(async () => {
        await work()
        notifications.release()
      }),
    stop: (error) => queue.stop(error),
    run: (key, call, check) =>
      queue.run(() =>
        keep(async () => ({
          key,
          outcome: await attempt(() => {
            check()
            return runCall(opened, client, call)
          }),
        })),
      ),

    begin(kind, check) {
      const begun = createDeferred<EngineSession>()
      const ending = createDeferred<SessionEnd>()
      const job = queue.run(() =>
        keep(async () => {
          let end: SessionEnd | undefined
          const openSession = async (statements: Statements | undefined): Promise<SessionEnd> => {
            const session = createSession(opened, statements, ending, () => job)
            const stopWatching = watchIdle(session, transactionIdleTimeoutMs, () => queue.hasWaiting())
            begun.resolve(session)
            return ending.promise.finally(stopWatching)
          }
          const outcome = await attempt(async () => {
            check()
            if (kind === 'hold') end = await client.runExclusive(() => openSession(undefined))
            else {
              await client.transaction(async (tx) => {
                end = await openSession(tx)
                if (end.isRollback) await tx.rollback()
              })
            }
            return nothing
          })
          // When it has not begun, this is why.
          if (!outcome.ok) begun.reject(decodeError(outcome.error))
          return { key: end?.key, outcome }
        }),
      )
      // Also when its turn never comes.
      job.catch((cause: unknown) => begun.reject(cause))
      return begun.promise
    },
  }
}

interface FinishedWork {
  readonly key: RequestKey | undefined
  readonly outcome: Outcome
}

interface SessionEnd {
  readonly key: RequestKey
  readonly isRollback: boolean
}

const nothing: Answer = { type: 'done' }
const done: Outcome = { ok: true, answer: nothing }

async function attempt(work: () => Promise<Answer>): Promise<Outcome> {
  try {
    return { ok: true, answer: await work() }
  } catch (cause) {
    return { ok: false, error: encodeError(cause) }
  }
}

/** A session with the time of its last use. */
interface WatchedSession extends EngineSession {
  idleSince(): number | undefined
}

function createSession(
  opened: OpenedApp,
  statements: Statements | undefined,
  ending: Deferred<SessionEnd>,
  job: () => Promise<JobOutcome>,
): WatchedSession {
  let failure: TypystDbError | undefined
  let running = 0
  let lastUse = performance.now()
  return {
    idleSince: () => (running > 0 ? undefined : lastUse),
    async run(call) {
      if (failure) throw failure
      running += 1
      try {
        return await runCall(opened, statements, call)
      } finally {
        running -= 1
        lastUse = performance.now()
      }
    },
    async end(key, call) {
      if (failure) return { outcome: { ok: false, error: encodeError(failure) }, isKept: false }
      failure = new TypystDbError('TRANSACTION_ABORTED', 'The transaction is over. Use the database itself after it.')
      ending.resolve({ key, isRollback: call.type === 'rollback' })
      return job()
    },
    abort(error) {
      failure ??= error
      ending.reject(error)
    },
  }
}

/** Ends a session that keeps others waiting and sends nothing. */
function watchIdle(session: WatchedSession, timeoutMs: number, isContended: () => boolean): () => void {
  const watch = setInterval(() => {
    const since = session.idleSince()
    if (since === undefined || !isContended() || performance.now() - since < timeoutMs) return
    session.abort(
      new TypystDbError(
        'TRANSACTION_ABORTED',
        'The transaction sent nothing for `transactionIdleTimeoutMs` while others waited, so it was rolled back. Await only its own queries in it, and run it again.',
      ),
    )
  }, timeoutMs / 5)
  return () => clearInterval(watch)
}

/** A tab that begins a transaction by a statement of its own would have every other tab's statements in it. */
async function refuseStrayTransaction({ client }: OpenedApp, outcome: Outcome): Promise<Outcome> {
  if (!client.isInTransaction()) return outcome
  await client.exec('rollback')
  const error = new TypystDbError(
    'TRANSACTION_ABORTED',
    'A transaction begun by a statement of its own was rolled back: all tabs share one session. Use `transaction()`.',
  )
  return { ok: false, error: encodeError(error) }
}
