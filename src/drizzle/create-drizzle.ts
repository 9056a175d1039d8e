/** The typed Drizzle database of a schema, over a connection port. */
import { createTableRelationsHelpers, extractTablesRelationalConfig } from 'drizzle-orm'
import type { ExtractTablesWithRelations } from 'drizzle-orm'
import { PgDatabase } from 'drizzle-orm/pg-core'
import type { SqlConnection } from '../internal/sql-connection.ts'
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

/** Builds the database; nothing runs until its first query. */
export function createDrizzle<TSchema extends Record<string, unknown>>(
  connection: SqlConnection,
  schema: TSchema,
  log?: StatementLog,
): TypystDatabase<TSchema> {
  const { tables, tableNamesMap } = extractTablesRelationalConfig<ExtractTablesWithRelations<TSchema>>(
    schema,
    createTableRelationsHelpers,
  )
  const extracted = { fullSchema: schema, schema: tables, tableNamesMap }
  const dialect = new PortDialect()
  return new PgDatabase(dialect, new PortSession(connection, dialect, extracted, log), extracted)
}
