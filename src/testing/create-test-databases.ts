/** Throw-away databases for a consumer's own tests: migrated, in memory, gone when closed. */
import { createAppDatabase } from '../app/create-app-database.ts'
import type { AppDatabase } from '../app/create-app-database.ts'
import type { AppDatabaseOptions } from '../app/options.ts'
import { createAuthDatabase } from '../auth/create-auth-database.ts'
import type { AuthDatabase } from '../auth/create-auth-database.ts'
import { anObject } from '../internal/argument-readers.ts'
import { checkValue } from '../internal/check-arguments.ts'
import type { AppSchema } from '../schema/app.ts'

/** The options of an app database that still make sense for one in memory. */
export type TestAppDatabaseOptions<TSchema extends Record<string, unknown> = AppSchema> = Omit<
  AppDatabaseOptions<TSchema>,
  'dataDir'
>

/**
 * A migrated auth database in memory. Each call makes one of its own; close it when the test ends.
 *
 * @throws TypystDbError `STORAGE_UNAVAILABLE` when PGlite is not installed.
 *
 * @example
 * ```ts
 * import { createTestAuthDatabase } from '@typyst/db/testing'
 *
 * await using authDb = await createTestAuthDatabase()
 * const users = await authDb.db.select().from(authDb.schema.user)
 * ```
 */
export async function createTestAuthDatabase(): Promise<AuthDatabase> {
  const authDb = createAuthDatabase({ dataDir: 'memory://', onNotice: () => undefined })
  await authDb.migrate()
  return authDb
}

/**
 * A migrated app database in memory. Each call makes one of its own; close it when the test ends.
 *
 * @param options - `schema`, `migrations` and `debug`, as `createAppDatabase` takes them.
 * @throws TypystDbError `STORAGE_UNAVAILABLE` when PGlite is not installed, and what your migrations throw.
 *
 * @example
 * ```ts
 * import { createTestAppDatabase } from '@typyst/db/testing'
 *
 * await using app = await createTestAppDatabase()
 * const entries = await app.db.select().from(app.schema.entry)
 * ```
 */
export async function createTestAppDatabase<TSchema extends Record<string, unknown>>(
  options: TestAppDatabaseOptions<TSchema> & { readonly schema: TSchema },
): Promise<AppDatabase<TSchema>>
export async function createTestAppDatabase(options?: TestAppDatabaseOptions): Promise<AppDatabase>
export async function createTestAppDatabase(
  options: TestAppDatabaseOptions<Record<string, unknown>> = {},
): Promise<AppDatabase<Record<string, unknown>>> {
  const { schema, ...rest } = checkValue('`options` of createTestAppDatabase()', anObject, options, 'INVALID_OPTIONS')
  const app = schema
    ? createAppDatabase({ ...rest, schema, dataDir: 'memory://' })
    : createAppDatabase({ ...rest, dataDir: 'memory://' })
  await app.ready()
  return app
}
