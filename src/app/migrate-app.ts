/** The migration runner with the app migrations, then the consumer's own. The caller holds the database's lock. */
import type { Migration } from '../internal/migration.ts'
import { applyMigrations, checkMigrations } from '../internal/run-migrations.ts'
import type { MigrationTarget } from '../internal/run-migrations.ts'
import type { SqlConnection } from '../internal/sql-connection.ts'

/** What one release of an app knows: this package's migrations, and its own. */
export interface AppMigrations {
  readonly app: readonly Migration[]
  readonly consumer: readonly Migration[]
}

/** The migrations table, in drizzle-kit's schema `drizzle`; `drizzle.app.config.ts` names the same one. */
const appMigrationsTable = '__typyst_app_migrations'

/** A table of their own: in ours, our next release would be older than the consumer's newest, and refused as late. */
const consumerMigrationsTable = '__typyst_app_consumer_migrations'

/**
 * Brings the database up to date.
 *
 * @returns How many migrations it applied.
 * @throws TypystDbError as the runner does; what was applied before stays.
 */
export async function migrateApp(connection: SqlConnection, migrations: AppMigrations): Promise<number> {
  let applied = 0
  for (const target of targets(connection, migrations)) applied += (await applyMigrations(target)).length
  return applied
}

/**
 * Checks that code with these migrations may use the database as it is. Writes nothing.
 *
 * @throws TypystDbError as the runner does when it refuses.
 */
export async function checkAppSchema(connection: SqlConnection, migrations: AppMigrations): Promise<void> {
  for (const target of targets(connection, migrations)) await checkMigrations(target)
}

function targets(connection: SqlConnection, { app, consumer }: AppMigrations): MigrationTarget[] {
  return [
    { connection, table: appMigrationsTable, migrations: app },
    { connection, table: consumerMigrationsTable, migrations: consumer },
  ]
}
