/** What both databases tell about their queries: the events, and the options that ask for them. */
import type { TypystDbErrorCode } from '../errors.ts'
import { callback, having, whole } from './argument-readers.ts'
import type { Readers } from './argument-readers.ts'
import type { QueryOperation } from './describe-statement.ts'

/** One query that is done. It holds no parameter, no value and no text of the statement. */
export interface QueryEvent {
  /** What the statement did; `transaction` comes once for each transaction, after its statements. */
  readonly operation: QueryOperation
  /** The table that was changed, or the first one that was read, without its schema. */
  readonly table: string | undefined
  /** From the call to its result, in milliseconds; for the first query that includes the opening. */
  readonly durationMs: number
  /** How many rows came back or were changed; `undefined` when it failed, and for what has no rows. */
  readonly rowCount: number | undefined
  /** Why it failed; `TRANSACTION_ABORTED` for a transaction that an error of the caller rolled back. */
  readonly errorCode: TypystDbErrorCode | undefined
}

/** A query that took too long, with its text. */
export interface SlowQueryEvent extends QueryEvent {
  /** The statement on one line, with `?` in place of every number and text written into it. */
  readonly statement: string
}

/** Where structured log lines go, as pino and others have it: fields first, then a text that never changes. */
export interface StructuredLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
}

/**
 * Hooks of `createAuthDatabase` and `createAppDatabase`. None is set by default, and then none costs anything. They are
 * called in the order in which queries end, must not wait, and an error one throws is dropped: a query that took effect
 * does not fail because somebody could not count it.
 *
 * @example
 * ```ts
 * import { createAuthDatabase } from '@typyst/db/auth'
 *
 * const authDb = createAuthDatabase({
 *   dataDir: 'memory://',
 *   onQuery: ({ operation, table, durationMs }) => console.log(operation, table, durationMs),
 * })
 * ```
 */
export interface QueryHooks {
  /**
   * Told of each query when it is done, failed ones included; never of its parameters. What runs on `pgClient` is not seen.
   *
   * @defaultValue none
   */
  readonly onQuery?: ((event: QueryEvent) => void) | undefined
  /**
   * Told of each query that took `slowQueryMs` or longer, with the statement's shape but no values.
   *
   * @defaultValue none
   */
  readonly onSlowQuery?: ((event: SlowQueryEvent) => void) | undefined
  /**
   * From how many milliseconds on a query is slow. Only matters with `onSlowQuery` or `logger`.
   *
   * @defaultValue 500
   */
  readonly slowQueryMs?: number | undefined
  /**
   * Gets an audit line (`change`) for each statement that changed rows, once its transaction is committed, and a warning
   * for each query that failed (`query failed`) or was slow (`slow query`).
   *
   * @defaultValue none
   */
  readonly logger?: StructuredLogger | undefined
}

/** What the hooks' options may be. */
export const queryHookReaders: Readers<QueryHooks> = {
  onQuery: callback,
  onSlowQuery: callback,
  slowQueryMs: whole(1, Number.MAX_SAFE_INTEGER),
  logger: having('info', 'warn'),
}
