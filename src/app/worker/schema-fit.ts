/** Keeps the database's schema fit for the tabs that come, and tells those whose code is too old for it. */
import type { SqlConnection } from '../../internal/sql-connection.ts'
import { checkAppSchema, migrateApp } from '../migrate-app.ts'
import type { AppMigrations } from '../migrate-app.ts'
import type { ClientDesk } from './client-desk.ts'

/** What a leader knows of it. */
export interface SchemaFit {
  /**
   * Migrates with what a tab brought, so that an old leader serves a new deploy; then looks who is too old.
   *
   * @throws TypystDbError as the runner of migrations does.
   */
  ensure(connection: SqlConnection, desk: ClientDesk, migrations: AppMigrations): Promise<void>
}

/** @param desks - All tabs, as they are at the time. */
export function createSchemaFit(desks: () => Iterable<ClientDesk>, onMigrating: (desk: ClientDesk) => void): SchemaFit {
  /** Migrations the database is known to fit. */
  const fitting = new Set<string>()
  return {
    async ensure(connection, desk, migrations) {
      const fingerprint = JSON.stringify(migrations)
      if (fitting.has(fingerprint)) return
      onMigrating(desk)
      const applied = await migrateApp(connection, migrations)
      if (applied > 0) fitting.clear()
      fitting.add(fingerprint)
      if (applied === 0) return
      for (const other of desks()) {
        if (other === desk || !other.attached) continue
        const fits = await checkAppSchema(connection, other.attached.migrations).then(
          () => true,
          () => false,
        )
        if (!fits) other.outdate()
      }
    },
  }
}
