/** Better Auth on our adapter, on the bare Drizzle adapter and on its own Kysely adapter, with one configuration. */
import { betterAuth } from 'better-auth'
import type { BetterAuthOptions } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { drizzle } from 'drizzle-orm/postgres-js'
import { Pool } from 'pg'
import postgres from 'postgres'
import { createAuthDatabase } from '@typyst/db/auth'
import { authSchema } from '@typyst/db/schema/auth'

/** What is measured: ours, ours with Better Auth's cookie cache, the bare Drizzle adapter, and Kysely on `pg`. */
export const contenderNames = ['typyst', 'typyst-cookie-cache', 'drizzle', 'kysely'] as const

/** One of {@link contenderNames}. */
export type ContenderName = (typeof contenderNames)[number]

/** As many connections for each. */
const poolSize = 10

/** The same for all, joins included: without them a session check is two queries. */
export const commonOptions = {
  secret: 'a secret for benchmarks only, long and of some entropy: 41d0be',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  // A restart of the server fails many requests; they are counted, not printed.
  logger: { disabled: true },
  onAPIError: { onError: () => undefined },
  advanced: { database: { joins: true } },
} satisfies BetterAuthOptions

/** Builds a contender on a migrated database. */
export function createContender(name: ContenderName, url: string, baseURL: string) {
  const options = { ...commonOptions, baseURL }
  switch (name) {
    case 'typyst':
    case 'typyst-cookie-cache': {
      const { adapter: database } = createAuthDatabase({ connectionString: url, maxConnections: poolSize })
      const session = { cookieCache: { enabled: name === 'typyst-cookie-cache', maxAge: 300 } }
      return betterAuth({ ...options, database, session })
    }
    case 'drizzle': {
      const db = drizzle(postgres(url, { max: poolSize }), { schema: authSchema })
      const database = drizzleAdapter(db, { provider: 'pg', schema: authSchema, transaction: true })
      return betterAuth({ ...options, database })
    }
    case 'kysely': {
      const database = new Pool({ connectionString: url, max: poolSize })
      return betterAuth({ ...options, ...columnNames, database })
    }
  }
}

const times = { createdAt: 'created_at', updatedAt: 'updated_at' }

/** Kysely takes the names of columns from the options. */
const columnNames = {
  user: { fields: { ...times, emailVerified: 'email_verified' } },
  session: {
    fields: {
      ...times,
      expiresAt: 'expires_at',
      ipAddress: 'ip_address',
      userAgent: 'user_agent',
      userId: 'user_id',
    },
  },
  account: {
    fields: {
      ...times,
      accountId: 'account_id',
      providerId: 'provider_id',
      userId: 'user_id',
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      idToken: 'id_token',
      accessTokenExpiresAt: 'access_token_expires_at',
      refreshTokenExpiresAt: 'refresh_token_expires_at',
    },
  },
  verification: { fields: { ...times, expiresAt: 'expires_at' } },
}
