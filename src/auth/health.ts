/** Tells a load balancer whether to restart this process, and whether to send it requests. */
import { isTypystDbError, TypystDbError } from '../errors.ts'
import type { TypystDbErrorCode } from '../errors.ts'

/** How the database stands. */
export interface HealthReport {
  /** Whether this object can still be used: false only after `close()`. A process that is not live needs to be restarted. */
  readonly isLive: boolean
  /** Whether the database answers and has every migration. A process that is not ready needs time, or the database does. */
  readonly isReady: boolean
  /** Why it is not ready; `SCHEMA_MISMATCH` when migrations are pending, `QUERY_CANCELED` when it did not answer in time. */
  readonly code: TypystDbErrorCode | undefined
  /** How long the answer took, in milliseconds. */
  readonly durationMs: number
}

/** What the check needs. */
export interface HealthProbes {
  isClosed(): boolean
  /** Rejects when the database does not answer or must not be used as it is. */
  probe(): Promise<void>
}

/**
 * Checks; never rejects and never takes longer than it may.
 *
 * @param timeoutMs - How long to wait for the database, in milliseconds.
 */
export async function checkHealth(probes: HealthProbes, timeoutMs: number): Promise<HealthReport> {
  const startedAt = performance.now()
  const failure = probes.isClosed()
    ? new TypystDbError('CLOSED', 'The database was closed. Create a new one.')
    : await outcomeOf(probes, timeoutMs)
  return {
    isLive: !probes.isClosed(),
    isReady: failure === undefined,
    code: failure && (isTypystDbError(failure) ? failure.code : 'QUERY_FAILED'),
    durationMs: performance.now() - startedAt,
  }
}

async function outcomeOf(probes: HealthProbes, timeoutMs: number): Promise<Error | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Error>((resolve) => {
    timer = setTimeout(() => {
      resolve(new TypystDbError('QUERY_CANCELED', 'The database did not answer in time. Look at its load.'))
    }, timeoutMs)
  })
  const answered = probes.probe().then(
    () => undefined,
    (cause: unknown) => (cause instanceof Error ? cause : new Error('The probe failed.', { cause })),
  )
  try {
    return await Promise.race([answered, late])
  } finally {
    clearTimeout(timer)
  }
}
