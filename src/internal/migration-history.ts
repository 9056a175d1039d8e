/** Reads and writes the migrations table: drizzle-kit's own three columns, and a name for people. */
import type { HashedMigration, AppliedMigration } from './migration-plan.ts'
import type { SqlExecutor } from './sql-connection.ts'

/** Which table records migrations: its name and its schema, both trusted; the schema is drizzle-kit's by default. */
export interface HistoryTable {
  readonly table: string
  readonly historySchema?: string | undefined
}

/** The migrations a database recorded; none when it has no such table. Writes nothing. */
export async function readHistory(executor: SqlExecutor, history: HistoryTable): Promise<AppliedMigration[]> {
  const { rows: found } = await executor.query('select to_regclass($1) is not null as "exists"', [nameOf(history)])
  if (!found[0]?.['exists']) return []
  const { rows } = await executor.query(
    `select hash, created_at::text as created_at from ${nameOf(history)} order by id`,
  )
  return rows.map((row) => ({ hash: String(row['hash']), createdAt: Number(row['created_at']) }))
}

/** Creates the table where it is missing, and adds names to rows that drizzle-kit wrote. */
export async function prepareHistory(
  executor: SqlExecutor,
  history: HistoryTable,
  known: readonly HashedMigration[],
): Promise<void> {
  // `create schema if not exists` asks for the right to create one even when it exists.
  const { rows } = await executor.query('select to_regnamespace($1) is not null as "exists"', [
    history.historySchema ?? 'drizzle',
  ])
  if (!rows[0]?.['exists']) await executor.exec(`create schema ${history.historySchema ?? 'drizzle'}`)
  await executor.exec(
    `create table if not exists ${nameOf(history)} (id serial primary key, hash text not null, created_at bigint);
     alter table ${nameOf(history)} add column if not exists name text`,
  )
  await executor.query(
    `update ${nameOf(history)} as record set name = known.name
     from unnest($1::text[], $2::text[]) as known (name, created_at)
     where record.name is null and record.created_at = known.created_at::bigint`,
    [known.map(({ name }) => name), known.map(({ createdAt }) => String(createdAt))],
  )
}

/** Records a migration as applied. */
export async function recordMigration(
  executor: SqlExecutor,
  history: HistoryTable,
  migration: HashedMigration,
): Promise<void> {
  await executor.query(`insert into ${nameOf(history)} (hash, created_at, name) values ($1, $2::text::bigint, $3)`, [
    migration.hash,
    String(migration.createdAt),
    migration.name,
  ])
}

/** Forgets a migration that was rolled back. */
export async function forgetMigration(
  executor: SqlExecutor,
  history: HistoryTable,
  migration: HashedMigration,
): Promise<void> {
  await executor.query(`delete from ${nameOf(history)} where created_at = $1::text::bigint`, [
    String(migration.createdAt),
  ])
}

function nameOf({ table, historySchema = 'drizzle' }: HistoryTable): string {
  return `${historySchema}.${table}`
}
