/** What every service takes last: the transaction to join, and where to log. */
import type { TypystDatabase } from '../../drizzle/create-drizzle.ts'

/** The part of a logger that services use, as pino and others have it: fields first, then a text that never changes. */
export interface ServiceLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** How a service's call runs. */
export interface ServiceCall<TSchema extends Record<string, unknown>> {
  /**
   * A transaction of `authDb.db` to do it in.
   *
   * @defaultValue none: a transaction of its own where one is needed
   */
  readonly tx?: TypystDatabase<TSchema> | undefined
  /**
   * Gets a line for each change, `{ action, count }`: never an id, an address or another value. Pass a child logger that
   * knows whom it is about.
   *
   * @defaultValue none
   */
  readonly logger?: ServiceLogger | undefined
}

/** The database of services that do not care about the schema's other tables. */
export type AnyDatabase = TypystDatabase<Record<string, unknown>>

/** A call of any schema's. */
export type AnyCall = ServiceCall<Record<string, unknown>>

/** Logs a change that took place; nothing when nothing changed. */
export function logChange({ logger }: AnyCall, action: string, count: number): void {
  if (count > 0) logger?.info({ action, count }, 'auth change')
}
