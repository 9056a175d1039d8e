/** The typed Drizzle database of a schema, over a connection port. */
import { createTableRelationsHelpers, extractTablesRelationalConfig } from 'drizzle-orm'
import type { ExtractTablesWithRelations } from 'drizzle-orm'
import { PgDatabase } from 'drizzle-orm/pg-core'
import type { SqlConnection } from '../internal/sql-connection.ts'
import { defaultTransactionIdleTimeoutMs, withLevels } from '../internal/transaction-level.ts'
import { PortDialect } from './dialect.ts'
import { PortSession } from './session.ts'
import type { DrizzleResultHKT } from './session.ts'
import type { StatementLog } from './statement-log.ts'

/** Drizzle over this package's connections, typed for `TSchema`, relational queries included. */
export type TypystDatabase<TSchema extends Record<string, unknown>> = PgDatabase<
  DrizzleResultHKT,
  TSchema,
  ExtractTablesWithRelations<TSchema>
>

/**
 * Builds the database; nothing runs until its first query.
 *
 * @param transactionIdleTimeoutMs - How long a statement waits for a nested transaction that does nothing, in milliseconds.
 */
export function createDrizzle<TSchema extends Record<string, unknown>>(
  connection: SqlConnection,
  schema: TSchema,
  log?: StatementLog,
  transactionIdleTimeoutMs: number = defaultTransactionIdleTimeoutMs,
): TypystDatabase<TSchema> {
  const { tables, tableNamesMap } = extractTablesRelationalConfig<ExtractTablesWithRelations<TSchema>>(
    schema,
    createTableRelationsHelpers,
  )
  const extracted = { fullSchema: schema, schema: tables, tableNamesMap }
  const dialect = new PortDialect()
  const leveled = withLevels(connection, transactionIdleTimeoutMs)
  return new PgDatabase(dialect, new PortSession(leveled, dialect, extracted, log), extracted)
}
