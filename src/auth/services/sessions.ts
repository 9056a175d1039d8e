/** What servers do with sessions next to Better Auth. */
import { and, desc, eq, gt, ne, sql } from 'drizzle-orm'
import type { Session } from '../../schema/auth.ts'
import type { AuthTables } from '../schema/additions.ts'
import { purgeExpired } from './purge-expired.ts'
import type { PurgeOptions } from './purge-expired.ts'
import { logChange } from './service-call.ts'
import type { AnyDatabase, ServiceCall } from './service-call.ts'
import { serviceTable } from './service-tables.ts'

/** A row of the schema's session table. */
export type SessionRow<TSchema> = TSchema extends { session: { $inferSelect: infer TRow } } ? TRow : Session

/**
 * Sessions. Where Better Auth caches them in cookies (`session.cookieCache`) or in a secondary storage, a session that was
 * revoked here passes until that cache expires.
 */
export interface SessionService<TSchema extends Record<string, unknown>> {
  /** The sessions of a user that have not expired, newest first. */
  active(userId: string, call?: ServiceCall<TSchema>): Promise<SessionRow<TSchema>[]>
  /**
   * Ends a session.
   *
   * @returns Whether there was one.
   */
  revoke(sessionId: string, call?: ServiceCall<TSchema>): Promise<boolean>
  /**
   * Ends the sessions of a user, all or all but one.
   *
   * @param options - `except`: the id of the session to keep, such as the one that asks.
   * @returns How many it ended.
   */
  revokeAll(
    userId: string,
    options?: { readonly except?: string | undefined },
    call?: ServiceCall<TSchema>,
  ): Promise<number>
  /**
   * Deletes sessions that have expired, in batches. Safe on many servers at once.
   *
   * @returns How many it deleted.
   * @throws TypystDbError `INVALID_OPTIONS` for numbers that are not whole and above zero.
   */
  purgeExpired(options?: PurgeOptions, call?: ServiceCall<TSchema>): Promise<number>
}

/** Builds the service; nothing runs until it is used. */
export function createSessionService(db: AnyDatabase, schema: AuthTables): SessionService<Record<string, unknown>> {
  return {
    async active(userId, { tx = db } = {}) {
      const session = serviceTable(schema, 'session')
      return tx
        .select()
        .from(session)
        .where(and(eq(session.userId, userId), gt(session.expiresAt, sql`now()`)))
        .orderBy(desc(session.createdAt), desc(session.id))
    },
    async revoke(sessionId, call = {}) {
      const session = serviceTable(schema, 'session')
      const { rowCount } = await (call.tx ?? db).delete(session).where(eq(session.id, sessionId))
      logChange(call, 'sessions.revoke', rowCount)
      return rowCount > 0
    },
    async revokeAll(userId, { except } = {}, call = {}) {
      const session = serviceTable(schema, 'session')
      const isOther = except === undefined ? undefined : ne(session.id, except)
      const { rowCount } = await (call.tx ?? db).delete(session).where(and(eq(session.userId, userId), isOther))
      logChange(call, 'sessions.revokeAll', rowCount)
      return rowCount
    },
    async purgeExpired(options, call) {
      return purgeExpired(db, serviceTable(schema, 'session'), 'sessions.purgeExpired', options, call)
    },
  }
}
