/** Applies, reports and rolls back migrations, one transaction each. The caller holds the lock. */
import { isTypystDbError, TypystDbError } from '../errors.ts'
import type { TypystDbErrorCode, TypystDbErrorDetails } from '../errors.ts'
import { dropLeftoverIndexes } from './leftover-indexes.ts'
import { migrationHash } from './migration.ts'
import type { Migration } from './migration.ts'
import { forgetMigration, prepareHistory, readHistory, recordMigration } from './migration-history.ts'
import { findMigrationProblems, planMigrations } from './migration-plan.ts'
import type { HashedMigration } from './migration-plan.ts'
import type { SqlConnection, SqlExecutor } from './sql-connection.ts'

/** What to migrate: a connection to one session, the table that records what was done, and all that can be done. */
export interface MigrationTarget {
  readonly connection: SqlConnection
  /** The table's name, without its schema. Trusted: it becomes part of the SQL. */
  readonly table: string
  readonly migrations: readonly Migration[]
  /**
   * The schema of that table; drizzle-kit's own by default. Trusted too.
   *
   * @defaultValue `drizzle`
   */
  readonly historySchema?: string | undefined
  /** Runs at the end of each migration's transaction, its record included; not for one that runs outside of one. */
  readonly seal?: ((transaction: SqlExecutor) => Promise<void>) | undefined
}

/** Where a database and the code have gone different ways. */
export interface MigrationDrift {
  readonly code: TypystDbErrorCode
  /** The migration, where the code knows it. */
  readonly name: string | undefined
  /** What is the matter and what to do. */
  readonly message: string
}

/** Which migrations a database has and which it lacks, by name, in order. */
export interface MigrationStatus {
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  /** Why migrating would be refused; empty when it would not. */
  readonly drifted: readonly MigrationDrift[]
}

/** How one migration of several comes along; the first is number 1. */
export type MigrationProgress = (step: {
  readonly name: string
  readonly number: number
  readonly total: number
}) => void

/** A line of its own with this text makes a migration run outside a transaction. */
const noTransactionMarker = /^-- typyst:no-transaction\s*$/m

/** drizzle-kit's separator between two statements. */
const statementBreakpoint = '--> statement-breakpoint'

/** Reports without changing anything, also on what {@link applyMigrations} would refuse. */
export async function readMigrationStatus({
  connection,
  migrations,
  ...history
}: MigrationTarget): Promise<MigrationStatus> {
  const known = await withHashes(migrations)
  const applied = await readHistory(connection, history)
  const appliedTimes = new Set(applied.map(({ createdAt }) => createdAt))
  return {
    applied: known.filter(({ createdAt }) => appliedTimes.has(createdAt)).map(({ name }) => name),
    pending: known.filter(({ createdAt }) => !appliedTimes.has(createdAt)).map(({ name }) => name),
    drifted: findMigrationProblems(known, applied).map(({ code, migration, message }) => ({
      code,
      name: migration,
      message,
    })),
  }
}

/**
 * Refuses what {@link applyMigrations} would refuse, and changes nothing.
 *
 * @throws TypystDbError `MIGRATION_EDITED`, `MIGRATION_GAP`, `MIGRATION_LATE` or `DATABASE_NEWER`.
 */
export async function checkMigrations({ connection, migrations, ...history }: MigrationTarget): Promise<void> {
  planMigrations(await withHashes(migrations), await readHistory(connection, history))
}

/**
 * Applies what is missing, each migration in a transaction of its own together with its record.
 *
 * @returns The names of the migrations it applied.
 * @throws TypystDbError `MIGRATION_FAILED` when one fails: those before it stay, it leaves no trace. `MIGRATION_EDITED`,
 *   `MIGRATION_GAP`, `MIGRATION_LATE` or `DATABASE_NEWER` before anything was changed.
 */
export async function applyMigrations(
  { connection, migrations, seal, ...history }: MigrationTarget,
  onProgress?: MigrationProgress,
): Promise<string[]> {
  const known = await withHashes(migrations)
  const pending = planMigrations(known, await readHistory(connection, history))
  for (const [index, migration] of pending.entries()) {
    onProgress?.({ name: migration.name, number: index + 1, total: pending.length })
    await runStep(connection, migration, migration.up, async (executor) => {
      await prepareHistory(executor, history, known)
      await recordMigration(executor, history, migration)
      await seal?.(executor)
    })
  }
  return pending.map(({ name }) => name)
}

/**
 * Undoes the newest applied migrations, newest first, each in a transaction of its own.
 *
 * @param steps - How many to undo.
 * @returns The names of the migrations it undid.
 * @throws TypystDbError `MIGRATION_IRREVERSIBLE` before anything was changed when one of them has no reverse;
 *   `MIGRATION_FAILED` when one fails.
 */
export async function rollBackMigrations(
  { connection, migrations, ...history }: MigrationTarget,
  steps: number,
): Promise<string[]> {
  const known = await withHashes(migrations)
  const pending = planMigrations(known, await readHistory(connection, history))
  const applied = known.filter((migration) => !pending.includes(migration))
  const undone = applied.slice(Math.max(0, applied.length - steps)).reverse()
  const reverses = undone.map((migration) => {
    if (migration.down !== undefined) return [migration, migration.down] as const
    throw new TypystDbError(
      'MIGRATION_IRREVERSIBLE',
      `Migration "${migration.name}" has no reverse. Add "${migration.name}.down.sql" beside it; nothing was changed.`,
      { migration: migration.name },
    )
  })
  for (const [migration, down] of reverses) {
    await runStep(connection, migration, down, (executor) => forgetMigration(executor, history, migration))
  }
  return undone.map(({ name }) => name)
}

async function withHashes(migrations: readonly Migration[]): Promise<HashedMigration[]> {
  return Promise.all(migrations.map(async (migration) => ({ ...migration, hash: await migrationHash(migration) })))
}

async function runStep(
  connection: SqlConnection,
  { name }: Migration,
  text: string,
  record: (executor: SqlExecutor) => Promise<void>,
): Promise<void> {
  const inTransaction = !noTransactionMarker.test(text)
  try {
    if (inTransaction) {
      await connection.transaction(async (tx) => {
        await tx.exec(text)
        await record(tx)
      })
    } else {
      await dropLeftoverIndexes(connection, text)
      for (const statement of text.split(statementBreakpoint)) await connection.exec(statement)
      await connection.transaction(record)
    }
  } catch (cause) {
    throw toMigrationError(cause, name, messageOf(cause, name, inTransaction))
  }
}

function messageOf(cause: unknown, name: string, inTransaction: boolean): string {
  if (!inTransaction) {
    return `Migration "${name}" failed. It runs outside a transaction, so its earlier statements stay: make each repeatable.`
  }
  // Nobody knows what became of a commit that was not answered.
  if (isTypystDbError(cause) && cause.code === 'CONNECTION_FAILED') {
    return `The connection was lost while migration "${name}" ran, which was rolled back or has taken effect as a whole. Call it again: it goes on from what is there.`
  }
  return `Migration "${name}" failed and was rolled back; the database is as before it. Its cause says why.`
}

/** What a failing step throws: the cause's details under `MIGRATION_FAILED`, or the cause itself after `close()`. */
export function toMigrationError(cause: unknown, migration: string, message: string): TypystDbError {
  if (isTypystDbError(cause) && cause.code === 'CLOSED') return cause
  const details: TypystDbErrorDetails = isTypystDbError(cause) ? cause : {}
  const { sqlState, constraint, table, column, schema, position } = details
  return new TypystDbError('MIGRATION_FAILED', message, {
    sqlState,
    constraint,
    table,
    column,
    schema,
    position,
    migration,
    cause,
  })
}
