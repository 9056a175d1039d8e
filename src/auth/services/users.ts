/** What servers do with users next to Better Auth. */
import { and, desc, eq, ilike, or, sql } from 'drizzle-orm'
import type { User } from '../../schema/auth.ts'
import type { AuthTables } from '../schema/additions.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { logChange } from './service-call.ts'
import type { AnyDatabase, ServiceCall } from './service-call.ts'
import { bannableUserTable, serviceTable } from './service-tables.ts'

/** A row of the schema's user table. */
export type UserRow<TSchema> = TSchema extends { user: { $inferSelect: infer TRow } } ? TRow : User

/** A page of users. */
export interface UserPage<TSchema> {
  readonly users: UserRow<TSchema>[]
  /** What to pass as `after` for the next page; none on the last. */
  readonly next: string | undefined
}

/** Which users to list. */
export interface ListUsersOptions {
  /**
   * Only users whose name or e-mail address contains this text, whatever its case. Reads every user: for back offices.
   *
   * @defaultValue everybody
   */
  readonly search?: string | undefined
  /**
   * How many, 1,000 at most.
   *
   * @defaultValue 50
   */
  readonly limit?: number | undefined
  /**
   * The `next` of the page before.
   *
   * @defaultValue none: the first page
   */
  readonly after?: string | undefined
}

/** Why somebody is banned, and until when. */
export interface BanOptions {
  /**
   * Shown to nobody by itself.
   *
   * @defaultValue none
   */
  readonly reason?: string | undefined
  /**
   * When it ends by itself.
   *
   * @defaultValue never
   */
  readonly expiresAt?: Date | undefined
}

/** Users. */
export interface UserService<TSchema extends Record<string, unknown>> {
  /**
   * The user with an id or an e-mail address, whatever the case of the address; `undefined` when there is none.
   */
  find(
    by: { readonly id: string } | { readonly email: string },
    call?: ServiceCall<TSchema>,
  ): Promise<UserRow<TSchema> | undefined>
  /**
   * A page of users, newest first. Pages stay whole while users come and go.
   *
   * @throws TypystDbError `INVALID_OPTIONS` for a `limit` out of range, `INVALID_INPUT` for an `after` that is no `next`.
   */
  list(options?: ListUsersOptions, call?: ServiceCall<TSchema>): Promise<UserPage<TSchema>>
  /**
   * Bans a user as Better Auth's admin plugin does: it signs them in no more, and their sessions end at once. Nothing is
   * deleted.
   *
   * @returns Whether there is such a user.
   * @throws TypystDbError `INVALID_OPTIONS` when the schema lacks the columns of the admin plugin.
   */
  ban(userId: string, options?: BanOptions, call?: ServiceCall<TSchema>): Promise<boolean>
  /**
   * Lifts a ban.
   *
   * @returns Whether there is such a user.
   * @throws TypystDbError `INVALID_OPTIONS` when the schema lacks the columns of the admin plugin.
   */
  unban(userId: string, call?: ServiceCall<TSchema>): Promise<boolean>
}

/** Builds the service; nothing runs until it is used. */
export function createUserService(db: AnyDatabase, schema: AuthTables): UserService<Record<string, unknown>> {
  return {
    async find(by, { tx = db } = {}) {
      const user = serviceTable(schema, 'user')
      // Better Auth stores addresses in lower case.
      const isWanted = 'id' in by ? eq(user.id, by.id) : eq(user.email, by.email.toLowerCase())
      const [found] = await tx.select().from(user).where(isWanted).limit(1)
      return found
    },

    async list({ search, limit = 50, after } = {}, { tx = db } = {}) {
      const user = serviceTable(schema, 'user')
      const cursor = after === undefined ? undefined : readCursor(after)
      const rows = await tx
        // As text, because a Date holds milliseconds and the column microseconds.
        .select({ row: user, at: sql<string>`${user.createdAt}::text` })
        .from(user)
        .where(
          and(
            cursor && sql`(${user.createdAt}, ${user.id}) < (${cursor.at}::timestamptz, ${cursor.id})`,
            search === undefined
              ? undefined
              : or(ilike(user.name, patternOf(search)), ilike(user.email, patternOf(search))),
          ),
        )
        .orderBy(desc(user.createdAt), desc(user.id))
        .limit(limit + 1)
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      return {
        users: page.map(({ row }) => row),
        next: rows.length > limit && last ? writeCursor({ at: last.at, id: last.row.id }) : undefined,
      }
    },

    async ban(userId, { reason, expiresAt } = {}, call = {}) {
      const user = bannableUserTable(schema)
      const session = serviceTable(schema, 'session')
      const count = await (call.tx ?? db).transaction(async (tx) => {
        const { rowCount } = await tx
          .update(user)
          .set({ banned: true, banReason: reason ?? null, banExpires: expiresAt ?? null })
          .where(eq(user.id, userId))
        await tx.delete(session).where(eq(session.userId, userId))
        return rowCount
      })
      logChange(call, 'users.ban', count)
      return count > 0
    },

    async unban(userId, call = {}) {
      const user = bannableUserTable(schema)
      const { rowCount } = await (call.tx ?? db)
        .update(user)
        .set({ banned: false, banReason: null, banExpires: null })
        .where(eq(user.id, userId))
      logChange(call, 'users.unban', rowCount)
      return rowCount > 0
    },
  }
}

/** Matches a text anywhere, its own `%` and `_` as they are. */
function patternOf(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
