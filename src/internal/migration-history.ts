/** Reads and writes the migrations table: drizzle-kit's own three columns, and a name for people. */
import type { HashedMigration, AppliedMigration } from './migration-plan.ts'
import type { SqlExecutor } from './sql-connection.ts'

/** drizzle-kit's default schema for its migrations table. */
const historySchema = 'drizzle'

/** The migrations a database recorded; none when it has no such table. Writes nothing. */
export async function readHistory(executor: SqlExecutor, table: string): Promise<AppliedMigration[]> {
  const { rows: found } = await executor.query('select to_regclass($1) is not null as "exists"', [
    `${historySchema}.${table}`,
  ])
  if (!found[0]?.['exists']) return []
  const { rows } = await executor.query(
    `select hash, created_at::text as created_at from ${historySchema}.${table} order by id`,
  )
  return rows.map((row) => ({ hash: String(row['hash']), createdAt: Number(row['created_at']) }))
}

/** Creates the table where it is missing, and adds names to rows that drizzle-kit wrote. */
export async function prepareHistory(
  executor: SqlExecutor,
  table: string,
  known: readonly HashedMigration[],
): Promise<void> {
  // `create schema if not exists` asks for the right to create one even when it exists.
  const { rows } = await executor.query('select to_regnamespace($1) is not null as "exists"', [historySchema])
  if (!rows[0]?.['exists']) await executor.exec(`create schema ${historySchema}`)
  await executor.exec(
    `create table if not exists ${historySchema}.${table} (id serial primary key, hash text not null, created_at bigint);
     alter table ${historySchema}.${table} add column if not exists name text`,
  )
  await executor.query(
    `update ${historySchema}.${table} as history set name = known.name
     from unnest($1::text[], $2::text[]) as known (name, created_at)
     where history.name is null and history.created_at = known.created_at::bigint`,
    [known.map(({ name }) => name), known.map(({ createdAt }) => String(createdAt))],
  )
}

/** Records a migration as applied. */
export async function recordMigration(executor: SqlExecutor, table: string, migration: HashedMigration): Promise<void> {
  await executor.query(
    `insert into ${historySchema}.${table} (hash, created_at, name) values ($1, $2::text::bigint, $3)`,
    [migration.hash, String(migration.createdAt), migration.name],
  )
}

/** Forgets a migration that was rolled back. */
export async function forgetMigration(executor: SqlExecutor, table: string, migration: HashedMigration): Promise<void> {
  await executor.query(`delete from ${historySchema}.${table} where created_at = $1::text::bigint`, [
    String(migration.createdAt),
  ])
}
