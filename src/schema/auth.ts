/** The tables Better Auth needs, keyed as its Drizzle adapter looks them up. */
import { relations } from 'drizzle-orm'
import { boolean, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { createdAndUpdatedAt, instant } from './columns.ts'

/** A person who can sign in. */
export const user = pgTable(
  'user',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    email: text('email').notNull().unique(),
    emailVerified: boolean('email_verified').notNull().default(false),
    image: text('image'),
    ...createdAndUpdatedAt(),
  },
  (table) => [index('user_created_at_id_idx').on(table.createdAt, table.id)],
).enableRLS()

/** One signed-in device of a user. */
export const session = pgTable(
  'session',
  {
    id: text('id').primaryKey(),
    expiresAt: instant('expires_at').notNull(),
    token: text('token').notNull().unique(),
    ...createdAndUpdatedAt(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
  },
  (table) => [index('session_user_id_idx').on(table.userId), index('session_expires_at_idx').on(table.expiresAt)],
).enableRLS()

/** One way a user signs in: a password, or an account at a provider. */
export const account = pgTable(
  'account',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: instant('access_token_expires_at'),
    refreshTokenExpiresAt: instant('refresh_token_expires_at'),
    scope: text('scope'),
    password: text('password'),
    ...createdAndUpdatedAt(),
  },
  (table) => [
    index('account_user_id_idx').on(table.userId),
    uniqueIndex('account_provider_id_account_id_idx').on(table.providerId, table.accountId),
  ],
).enableRLS()

/** A token that was sent out and has not been used yet, such as one that proves an e-mail address. */
export const verification = pgTable(
  'verification',
  {
    id: text('id').primaryKey(),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: instant('expires_at').notNull(),
    ...createdAndUpdatedAt(),
  },
  (table) => [
    index('verification_identifier_idx').on(table.identifier),
    index('verification_expires_at_idx').on(table.expiresAt),
  ],
).enableRLS()

export const userRelations = relations(user, ({ many }) => ({
  sessions: many(session),
  accounts: many(account),
}))

export const sessionRelations = relations(session, ({ one }) => ({
  user: one(user, { fields: [session.userId], references: [user.id] }),
}))

export const accountRelations = relations(account, ({ one }) => ({
  user: one(user, { fields: [account.userId], references: [user.id] }),
}))

/** Everything Drizzle needs for typed and relational queries over the auth database. */
export const authSchema = {
  user,
  session,
  account,
  verification,
  userRelations,
  sessionRelations,
  accountRelations,
}

/** The type of {@link authSchema}. */
export type AuthSchema = typeof authSchema

export type User = typeof user.$inferSelect
export type NewUser = typeof user.$inferInsert
export type UserUpdate = Partial<NewUser>
export type Session = typeof session.$inferSelect
export type NewSession = typeof session.$inferInsert
export type SessionUpdate = Partial<NewSession>
export type Account = typeof account.$inferSelect
export type NewAccount = typeof account.$inferInsert
export type AccountUpdate = Partial<NewAccount>
export type Verification = typeof verification.$inferSelect
export type NewVerification = typeof verification.$inferInsert
export type VerificationUpdate = Partial<NewVerification>
