/** The migration runner with the auth migrations, under a lock where several processes can reach the database. */
import type { SqlConnection } from '../internal/sql-connection.ts'
import { applyMigrations, readMigrationStatus, rollBackMigrations } from '../internal/run-migrations.ts'
import type { MigrationStatus, MigrationTarget } from '../internal/run-migrations.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import { authMigrations } from './migrations.generated.ts'

/** The migrations table, in drizzle-kit's schema `drizzle`; `drizzle.auth.config.ts` names the same one. */
const authMigrationsTable = '__typyst_auth_migrations'

/** Gives work one session that nobody else migrates in; how, depends on the connection. */
export type OnLockedSession = <T>(run: (session: SqlConnection) => Promise<T>) => Promise<T>

/** Applies what is missing. */
export function migrateAuth(onLockedSession: OnLockedSession): Promise<string[]> {
  return onLockedSession((session) => applyMigrations(targetOn(session)))
}

/** Undoes the newest `steps` migrations. */
export function rollBackAuth(onLockedSession: OnLockedSession, steps: number): Promise<string[]> {
  return onLockedSession((session) => rollBackMigrations(targetOn(session), steps))
}

/** Reports, without a lock and without changing anything. */
export function readAuthMigrationStatus(connection: SqlConnection): Promise<MigrationStatus> {
  return readMigrationStatus(targetOn(connection))
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
