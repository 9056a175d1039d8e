/** Brings a database up to a schema's tables, in one transaction. */
import { TypystDbError } from '../../errors.ts'
import type { SqlConnection } from '../../internal/sql-connection.ts'
import { toMigrationError } from '../../internal/run-migrations.ts'
import { planAdditions } from './additions.ts'
import type { AuthTables } from './additions.ts'
import { sealSequences } from '../seal-tables.ts'
import { findMisdefined } from './misdefined.ts'

/**
 * Adds what the database lacks of the schema.
 *
 * @returns The names of what was added.
 * @throws TypystDbError `MIGRATION_FAILED` when something cannot be added, and `SCHEMA_MISMATCH` when the database has an index or
 *   a constraint of the schema's name that is another one; with nothing added.
 */
export async function applyAdditions(connection: SqlConnection, schema: AuthTables): Promise<string[]> {
  const additions = await planAdditions(connection, schema)
  const misdefined = await findMisdefined(connection, schema)
  if (misdefined.length > 0) {
    throw new TypystDbError(
      'SCHEMA_MISMATCH',
      `The database has these otherwise than \`schema\` says: ${misdefined.join('; ')}. \`migrate()\` changes nothing that exists, and added nothing: drop or rename them with a migration of your own, or correct the schema.`,
    )
  }
  if (additions.length === 0) return []
  let current = ''
  try {
    await connection.transaction(async (tx) => {
      for (const { name, statement } of additions) {
        current = name
        await tx.exec(statement)
      }
      // Each table is closed by the statement that makes it; what columns and sequences of the schema have made is not.
      await sealSequences(tx)
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
