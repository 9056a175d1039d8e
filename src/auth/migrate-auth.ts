/** The migration runner with the auth migrations, under a lock where several processes can reach the database. */
import { TypystDbError } from '../errors.ts'
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
import { sealTables } from './seal-tables.ts'

/** The migrations table, in drizzle-kit's schema `drizzle`; `drizzle.auth.config.ts` names the same one. */
const authMigrationsTable = '__typyst_auth_migrations'

/** Gives work one session that nobody else migrates in; how, depends on the connection. */
export type OnLockedSession = <T>(run: (session: SqlConnection) => Promise<T>) => Promise<T>

/**
 * Applies the migrations that are missing, and closes each table to everybody but its owner as it is made; then adds what the
 * schema has beyond them.
 */
export function migrateAuth(
  onLockedSession: OnLockedSession,
  schema: AuthTables,
  postgresSchema?: string,
): Promise<string[]> {
  return onLockedSession(async (session) => {
    if (postgresSchema !== undefined) await createSchema(session, postgresSchema)
    const target = { ...targetOn(session, postgresSchema), seal: sealTables }
    return [
      ...(hasCoreTables(schema) ? await applyMigrations(target) : []),
      ...(schema === authSchema ? [] : await applyAdditions(session, schema)),
    ]
  })
}

/** Undoes the newest `steps` migrations. */
export function rollBackAuth(
  onLockedSession: OnLockedSession,
  postgresSchema: string | undefined,
  steps: number,
): Promise<string[]> {
  return onLockedSession((session) => rollBackMigrations(targetOn(session, postgresSchema), steps))
}

/** Reports, without a lock and without changing anything. */
export async function readAuthMigrationStatus(
  connection: SqlConnection,
  schema: AuthTables,
  postgresSchema?: string,
): Promise<MigrationStatus> {
  const isCore = hasCoreTables(schema)
  const status = isCore
    ? await readMigrationStatus(targetOn(connection, postgresSchema))
    : { applied: [], pending: [], drifted: [] }
  if (schema === authSchema) return status
  // What a pending migration is going to create is not counted twice.
  const fromMigrations = isCore ? await planAdditions(connection, authSchema) : []
  const names = new Set(fromMigrations.map(({ name }) => name))
  const additions = (await planAdditions(connection, schema)).filter(({ name }) => !names.has(name))
  return { ...status, pending: [...status.pending, ...additions.map(({ name }) => name)] }
}

/**
 * Refuses a database that is behind this code or has gone another way.
 *
 * @throws TypystDbError `SCHEMA_MISMATCH` when migrations are pending, or why `migrate()` would refuse; a database that is
 *   only newer passes, because the code before a roll-out goes on working.
 */
export function refusePending({ pending, drifted }: MigrationStatus): void {
  const drift = drifted.find(({ code }) => code !== 'DATABASE_NEWER')
  if (drift) throw new TypystDbError(drift.code, drift.message)
  if (pending.length > 0) {
    throw new TypystDbError('SCHEMA_MISMATCH', 'Migrations are pending. Run `migrate()`.')
  }
}

/** Runs work under the advisory lock of the auth migrations. */
export function withAuthMigrationLock<T>(
  session: SqlConnection,
  timeoutMs: number,
  run: (session: SqlConnection) => Promise<T>,
): Promise<T> {
  return withAdvisoryLock(session, authMigrationsTable, timeoutMs, () => run(session))
}

/** Tables in a schema of their own are recorded there too: another schema of the database may have its own auth tables. */
function targetOn(connection: SqlConnection, postgresSchema: string | undefined): MigrationTarget {
  return { connection, table: authMigrationsTable, historySchema: postgresSchema, migrations: authMigrations }
}

/** Creates the schema where it is missing; asking first, because creating needs a right that using does not. */
async function createSchema(session: SqlConnection, postgresSchema: string): Promise<void> {
  const { rows } = await session.query('select to_regnamespace($1) is not null as "exists"', [postgresSchema])
  if (!rows[0]?.['exists']) await session.exec(`create schema ${postgresSchema}`)
}
