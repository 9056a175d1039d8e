/** Compares what a Better Auth configuration writes with the schema in the code, and the schema with the database. */
import type { BetterAuthOptions } from 'better-auth'
import { getTableColumns, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import { checkValue, interpret } from '../../internal/check-arguments.ts'
import type { SqlConnection } from '../../internal/sql-connection.ts'
import { planAdditions } from './additions.ts'
import type { AuthTables } from './additions.ts'
import { betterAuthOptions } from './better-auth-options.ts'
import { findMisdefined } from './misdefined.ts'
import { findMisfits } from './misfits.ts'

/**
 * Refuses a schema that lacks a table or a column of the configuration.
 *
 * @throws TypystDbError `SCHEMA_MISMATCH`, naming each.
 */
export async function assertSchemaFits(schema: AuthTables, options: BetterAuthOptions): Promise<void> {
  const missing = await findMissing(schema, options)
  if (missing.length === 0) return
  throw new TypystDbError(
    'SCHEMA_MISMATCH',
    `Better Auth is configured to use what \`schema\` does not have: ${missing.join(', ')}. Pass the same options to \`defineAuthSchema\`, give its result to \`createAuthDatabase\` as \`schema\`, and run \`migrate()\`.`,
  )
}

/**
 * Refuses a database that lacks something of the schema or has it otherwise.
 *
 * @throws TypystDbError `SCHEMA_MISMATCH`, naming each.
 */
export async function assertDatabaseFits(connection: SqlConnection, schema: AuthTables): Promise<void> {
  const missing = (await planAdditions(connection, schema)).map(({ name }) => name)
  if (missing.length > 0) {
    throw new TypystDbError(
      'SCHEMA_MISMATCH',
      `The database lacks ${missing.join(', ')}. Run \`migrate()\` before the first request.`,
    )
  }
  const misfits = [...(await findMisfits(connection, schema)), ...(await findMisdefined(connection, schema))]
  if (misfits.length > 0) {
    throw new TypystDbError(
      'SCHEMA_MISMATCH',
      `The database and \`schema\` disagree: ${misfits.join('; ')}. \`migrate()\` changes nothing that exists: alter these yourself, or correct the options.`,
    )
  }
}

/** The tables and columns that Better Auth is going to use and the schema lacks: `member`, `user.role`. */
export async function findMissing(schema: AuthTables, options: BetterAuthOptions): Promise<string[]> {
  // Better Auth reads the environment when it is imported.
  const { getAuthTables } = await import('better-auth/db')
  const name = '`options` of Better Auth'
  checkValue(name, betterAuthOptions, options)
  const tables = interpret(name, 'INVALID_INPUT', () => getAuthTables(options))
  return Object.values(tables)
    .filter(({ disableMigrations }) => disableMigrations !== true)
    .flatMap(({ modelName, fields }) => {
      const table = schema[modelName]
      if (!is(table, PgTable)) return [modelName]
      const columns = getTableColumns(table)
      const keys = Object.entries(fields).map(([field, { fieldName = field }]) => fieldName)
      return ['id', ...keys].filter((key) => !(key in columns)).map((key) => `${modelName}.${key}`)
    })
}
