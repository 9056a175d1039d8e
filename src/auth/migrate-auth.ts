/** The migration runner with the auth migrations, under a lock where several processes can reach the database. */
import type { SqlConnection } from '../internal/sql-connection.ts'
import { applyMigrations, readMigrationStatus, rollBackMigrations } from '../internal/run-migrations.ts'
import type { MigrationStatus, MigrationTarget } from '../internal/run-migrations.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import { authSchema } from '../schema/auth.ts'
import { planAdditions } from './schema/additions.ts'
import type { AuthTables } from './schema/additions.ts'
import { applyAdditions } from './schema/apply-additions.ts'
import { hasCoreTables } from './schema/core-tables.ts'
import { authMigrations } from './migrations.generated.ts'

/** The migrations table, in drizzle-kit's schema `drizzle`; `drizzle.auth.config.ts` names the same one. */
const authMigrationsTable = '__typyst_auth_migrations'

/** Gives work one session that nobody else migrates in; how, depends on the connection. */
export type OnLockedSession = <T>(run: (session: SqlConnection) => Promise<T>) => Promise<T>

/** Applies the migrations that are missing, then adds what the schema has beyond them. */
export function migrateAuth(onLockedSession: OnLockedSession, schema: AuthTables): Promise<string[]> {
  return onLockedSession(async (session) => [
    ...(hasCoreTables(schema) ? await applyMigrations(targetOn(session)) : []),
    ...(schema === authSchema ? [] : await applyAdditions(session, schema)),
  ])
}

/** Undoes the newest `steps` migrations. */
export function rollBackAuth(onLockedSession: OnLockedSession, steps: number): Promise<string[]> {
  return onLockedSession((session) => rollBackMigrations(targetOn(session), steps))
}

/** Reports, without a lock and without changing anything. */
export async function readAuthMigrationStatus(connection: SqlConnection, schema: AuthTables): Promise<MigrationStatus> {
  const isCore = hasCoreTables(schema)
  const status = isCore ? await readMigrationStatus(targetOn(connection)) : { applied: [], pending: [] }
  if (schema === authSchema) return status
  // What a pending migration is going to create is not counted twice.
  const fromMigrations = isCore ? await planAdditions(connection, authSchema) : []
  const names = new Set(fromMigrations.map(({ name }) => name))
  const additions = (await planAdditions(connection, schema)).filter(({ name }) => !names.has(name))
  return { ...status, pending: [...status.pending, ...additions.map(({ name }) => name)] }
}

/** Runs work under the advisory lock of the auth migrations. */
export function withAuthMigrationLock<T>(
  session: SqlConnection,
  timeoutMs: number,
  run: (session: SqlConnection) => Promise<T>,
): Promise<T> {
  return withAdvisoryLock(session, authMigrationsTable, timeoutMs, () => run(session))
}

function targetOn(connection: SqlConnection): MigrationTarget {
  return { connection, table: authMigrationsTable, migrations: authMigrations }
}
