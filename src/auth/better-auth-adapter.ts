/** Better Auth's own Drizzle adapter over our database, loaded when Better Auth first asks it something. */
import type { BetterAuthOptions } from 'better-auth'
import type { drizzleAdapter } from 'better-auth/adapters/drizzle'
import type { TypystDatabase } from '../drizzle/create-drizzle.ts'
import { TypystDbError } from '../errors.ts'
import { anObject } from '../internal/argument-readers.ts'
import { checkValue } from '../internal/check-arguments.ts'
import { onceOrRetry } from '../internal/once-or-retry.ts'
import { withQuickFind } from './quick-find.ts'
import { readAgain } from './read-again.ts'
import { assertSchemaFits } from './schema/verify-auth-schema.ts'

/** What `betterAuth({ database })` takes. */
export type BetterAuthAdapter = ReturnType<typeof drizzleAdapter>

/**
 * Builds the adapter. Importing Better Auth's reads the environment, and importing this package must not, so the real one
 * is loaded by the first call; every method waits for it. What only reads, outside of a transaction, is asked again when its
 * connection ends. Transactions are on: without them a failing sign-up would leave
 * a user that has no account.
 *
 * @throws TypystDbError `SCHEMA_MISMATCH` by the first call, when the schema lacks what the options ask for.
 */
export function createBetterAuthAdapter<TSchema extends Record<string, unknown>>(
  db: TypystDatabase<TSchema>,
  schema: TSchema,
): BetterAuthAdapter {
  return (options: BetterAuthOptions) => {
    checkValue('`options` of adapter()', anObject, options)
    const load = onceOrRetry(async () => {
      const { drizzleAdapter } = await importAdapter()
      // Better Auth looks for its own check on the adapter it was given, which is this one.
      if (options.advanced?.database?.validateSchema !== false) await assertSchemaFits(schema, options)
      return drizzleAdapter(withQuickFind(db), { provider: 'pg', schema, transaction: true })(withJoins(options))
    })
    return {
      id: 'drizzle',
      create: async (data) => (await load()).create(data),
      findOne: (data) => readAgain(async () => (await load()).findOne(data)),
      findMany: (data) => readAgain(async () => (await load()).findMany(data)),
      count: (data) => readAgain(async () => (await load()).count(data)),
      update: async (data) => (await load()).update(data),
      updateMany: async (data) => (await load()).updateMany(data),
      delete: async (data) => (await load()).delete(data),
      deleteMany: async (data) => (await load()).deleteMany(data),
      consumeOne: async (data) => (await load()).consumeOne(data),
      incrementOne: async (data) => (await load()).incrementOne(data),
      transaction: async (callback) => (await load()).transaction(callback),
      // Asked by Better Auth's command "generate". The tables come from the options, so there is nothing to write.
      async createSchema(asked, path = 'auth-schema.ts') {
        await assertSchemaFits(schema, asked)
        return { code: '', path }
      },
    }
  }
}

/** A session and its user come in one query, unless the options say otherwise. */
function withJoins(options: BetterAuthOptions): BetterAuthOptions {
  const { advanced = {} } = options
  return { ...options, advanced: { ...advanced, database: { joins: true, ...advanced.database } } }
}

async function importAdapter(): Promise<typeof import('better-auth/adapters/drizzle')> {
  try {
    return await import('better-auth/adapters/drizzle')
  } catch (cause) {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      'Better Auth could not be loaded. Install "better-auth" to use `adapter`.',
      { cause },
    )
  }
}
