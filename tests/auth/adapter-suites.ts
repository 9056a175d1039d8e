/** Better Auth's own suites for database adapters, over our adapter, tables and migrations. */
import {
  authFlowTestSuite,
  caseInsensitiveTestSuite,
  joinsTestSuite,
  normalTestSuite,
  numberIdTestSuite,
  testAdapter,
  transactionsTestSuite,
  uuidTestSuite,
} from '@better-auth/test-utils/adapter'
import type { BetterAuthOptions } from 'better-auth'
import { createBetterAuthAdapter } from '../../src/auth/better-auth-adapter.ts'
import type { BetterAuthAdapter } from '../../src/auth/better-auth-adapter.ts'
import { applyAdditions } from '../../src/auth/schema/apply-additions.ts'
import { defineAuthSchema } from '../../src/auth/schema/define-auth-schema.ts'
import { createDrizzle } from '../../src/drizzle/create-drizzle.ts'
import type { OpenEmpty } from '../support/opened-connection.ts'

/** Runs all of them; each gives the tables other keys, names or columns and has them made anew. */
export async function testAdapterSuites(open: OpenEmpty): Promise<void> {
  const opened = await open()
  const { connection } = opened
  // The suites ask for the adapter before every call.
  const adapters = new WeakMap<BetterAuthOptions, BetterAuthAdapter>()
  const adapterFor = (options: BetterAuthOptions): BetterAuthAdapter => {
    const known = adapters.get(options)
    if (known) return known
    const schema = defineAuthSchema(options)
    const adapter = createBetterAuthAdapter(createDrizzle(connection, schema), schema)
    adapters.set(options, adapter)
    return adapter
  }
  const { execute } = await testAdapter({
    adapter: adapterFor,
    async runMigrations(options) {
      await connection.exec('drop schema public cascade; create schema public')
      await applyAdditions(connection, defineAuthSchema(options))
    },
    tests: [
      normalTestSuite(),
      authFlowTestSuite(),
      transactionsTestSuite(),
      joinsTestSuite(),
      caseInsensitiveTestSuite(),
      uuidTestSuite(),
      numberIdTestSuite(),
    ],
    async onFinish() {
      await opened[Symbol.asyncDispose]()
    },
  })
  execute()
}
