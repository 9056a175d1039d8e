/** Brings a database up to a schema's tables, in one transaction. */
import type { SqlConnection } from '../../internal/sql-connection.ts'
import { toMigrationError } from '../../internal/run-migrations.ts'
import { planAdditions } from './additions.ts'
import type { AuthTables } from './additions.ts'

/**
 * Adds what the database lacks of the schema.
 *
 * @returns The names of what was added.
 * @throws TypystDbError `MIGRATION_FAILED`, with nothing added.
 */
export async function applyAdditions(connection: SqlConnection, schema: AuthTables): Promise<string[]> {
  const additions = await planAdditions(connection, schema)
  if (additions.length === 0) return []
  let current = ''
  try {
    await connection.transaction(async (tx) => {
      for (const { name, statement } of additions) {
        current = name
        await tx.exec(statement)
      }
    })
  } catch (cause) {
    throw toMigrationError(
      cause,
      current,
      `Adding "${current}" failed, and nothing of the schema was added. Its cause says why; a required field without a default cannot be added to a table that has rows.`,
    )
  }
  return additions.map(({ name }) => name)
}
