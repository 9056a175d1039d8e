/** The migration runner with the app migrations, then the consumer's own. The caller holds the database's lock. */
import type { Migration } from '../internal/migration.ts'
import { applyMigrations } from '../internal/run-migrations.ts'
import type { SqlConnection } from '../internal/sql-connection.ts'
import { appMigrations } from './migrations.generated.ts'

/** The migrations table, in drizzle-kit's schema `drizzle`; `drizzle.app.config.ts` names the same one. */
const appMigrationsTable = '__typyst_app_migrations'

/** A table of their own: in ours, our next release would be older than the consumer's newest, and refused as late. */
const consumerMigrationsTable = '__typyst_app_consumer_migrations'

/**
 * Brings the database up to date.
 *
 * @throws TypystDbError as the runner does; what was applied before stays.
 */
export async function migrateApp(connection: SqlConnection, consumerMigrations: readonly Migration[]): Promise<void> {
  await applyMigrations({ connection, table: appMigrationsTable, migrations: appMigrations })
  await applyMigrations({ connection, table: consumerMigrationsTable, migrations: consumerMigrations })
}
