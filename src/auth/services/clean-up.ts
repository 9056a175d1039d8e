/** Deletes what has expired, now or regularly, without two servers doing the same work. */
import { sql } from 'drizzle-orm'
import type { AuthTables } from '../schema/additions.ts'
import { purgeExpired } from './purge-expired.ts'
import type { PurgeOptions } from './purge-expired.ts'
import type { AnyDatabase, ServiceLogger } from './service-call.ts'
import { serviceTable } from './service-tables.ts'

/** What a clean-up deleted. */
export interface CleanUpResult {
  /** Sessions that had expired. */
  readonly sessions: number
  /** Verifications that had expired. */
  readonly verifications: number
  /** Whether another server was at it, which ended this run. */
  readonly isElsewhere: boolean
}

/** How a clean-up runs. */
export interface CleanUpOptions extends PurgeOptions {
  /**
   * Gets a line for each run that deleted something: `{ action, count }`.
   *
   * @defaultValue none
   */
  readonly logger?: ServiceLogger | undefined
}

/** How often clean-ups run. */
export interface CleanUpSchedule extends CleanUpOptions {
  /**
   * How long to wait between two runs, in milliseconds; the first comes after a random part of it, so that servers started
   * together do not all ask at once.
   *
   * @defaultValue 3600000, an hour
   */
  readonly everyMs?: number | undefined
  /**
   * Told when a run failed; the next one comes all the same.
   *
   * @defaultValue none
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A running schedule. It does not keep the process alive, and ends with `close()` of the database too. */
export interface RunningCleanUp extends AsyncDisposable {
  /** Ends it, once a run under way has ended. */
  stop(): Promise<void>
}

const lockName = 'typyst:auth:clean-up'

/** One run: batch by batch, each in a transaction that holds the lock, so that a server that dies gives it up. */
export async function cleanUp(
  db: AnyDatabase,
  schema: AuthTables,
  { batchRows = 500, maxRows = Number.MAX_SAFE_INTEGER, logger }: CleanUpOptions = {},
): Promise<CleanUpResult> {
  const sessions = await inBatches(db, batchRows, maxRows, (tx, rows) =>
    purgeExpired(tx, serviceTable(schema, 'session'), 'cleanUp.sessions', { batchRows: rows, maxRows: rows }, { tx }),
  )
  const left = maxRows - sessions.deleted
  const verifications =
    sessions.isElsewhere || left === 0
      ? { deleted: 0, isElsewhere: sessions.isElsewhere }
      : await inBatches(db, batchRows, left, (tx, rows) =>
          purgeExpired(
            tx,
            serviceTable(schema, 'verification'),
            'cleanUp.verifications',
            { batchRows: rows, maxRows: rows },
            { tx },
          ),
        )
  const count = sessions.deleted + verifications.deleted
  if (count > 0) logger?.info({ action: 'cleanUp', count }, 'auth change')
  return {
    sessions: sessions.deleted,
    verifications: verifications.deleted,
    isElsewhere: sessions.isElsewhere || verifications.isElsewhere,
  }
}

async function inBatches(
  db: AnyDatabase,
  batchRows: number,
  maxRows: number,
  purge: (tx: AnyDatabase, rows: number) => Promise<number>,
): Promise<{ deleted: number; isElsewhere: boolean }> {
  let deleted = 0
  for (;;) {
    const rows = Math.min(batchRows, maxRows - deleted)
    const count = await db.transaction(async (tx) => {
      const { rows: answer } = await tx.execute(
        sql`select pg_try_advisory_xact_lock(hashtextextended(${lockName}, 0)) as locked`,
      )
      return answer[0]?.['locked'] === true ? purge(tx, rows) : undefined
    })
    if (count === undefined) return { deleted, isElsewhere: true }
    deleted += count
    if (count < rows || deleted >= maxRows) return { deleted, isElsewhere: false }
  }
}

/** Runs clean-ups until it is stopped. */
export function scheduleCleanUp(
  db: AnyDatabase,
  schema: AuthTables,
  { everyMs = 3_600_000, onError, ...options }: CleanUpSchedule = {},
): RunningCleanUp {
  let timer: NodeJS.Timeout | undefined
  let current: Promise<unknown> = Promise.resolve()
  let isStopped = false
  const plan = (delayMs: number) => {
    timer = setTimeout(() => {
      current = cleanUp(db, schema, options)
        .catch((cause: unknown) => onError?.(cause))
        .finally(() => {
          if (!isStopped) plan(everyMs)
        })
    }, delayMs)
    timer.unref()
  }
  plan(Math.random() * everyMs)
  const stop = async () => {
    isStopped = true
    clearTimeout(timer)
    await current
  }
  return { stop, [Symbol.asyncDispose]: stop }
}
