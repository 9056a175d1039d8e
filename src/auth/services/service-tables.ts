/** Finds the tables services work on in a schema that may have others. */
import { getTableColumns, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import type { AuthSchema } from '../../schema/auth.ts'
import type { AuthTables } from '../schema/additions.ts'
import { isCoreTable } from '../schema/core-tables.ts'
import type { CoreModel } from '../schema/core-tables.ts'
import type { AuthSchemaOf } from '../schema/schema-types.ts'

/** The user table with the columns of Better Auth's admin plugin. */
export type BannableUser = AuthSchemaOf<{
  user: {
    additionalFields: {
      banned: { type: 'boolean'; required: false }
      banReason: { type: 'string'; required: false }
      banExpires: { type: 'date'; required: false }
    }
  }
}>['user']

/**
 * A core table of the schema.
 *
 * @throws TypystDbError `INVALID_OPTIONS` when the schema has it under another name or with other keys.
 */
export function serviceTable<TModel extends CoreModel>(schema: AuthTables, model: TModel): AuthSchema[TModel] {
  const table = schema[model]
  if (isCoreTable(table, model)) return table
  throw new TypystDbError(
    'INVALID_OPTIONS',
    `\`schema\` has no table "${model}" with Better Auth's own names and text ids, which the services need. Query your tables by \`db\`.`,
  )
}

/**
 * The user table, where users can be banned.
 *
 * @throws TypystDbError `INVALID_OPTIONS` without the columns of the admin plugin.
 */
export function bannableUserTable(schema: AuthTables): BannableUser {
  const table = schema['user']
  if (isBannable(table)) return table
  throw new TypystDbError(
    'INVALID_OPTIONS',
    "Banning needs the columns of Better Auth's admin plugin. Add `admin()` to the plugins of `defineAuthSchema` and of `betterAuth`, and run `migrate()`.",
  )
}

function isBannable(table: unknown): table is BannableUser {
  if (!is(table, PgTable) || !isCoreTable(table, 'user')) return false
  const columns = getTableColumns(table)
  return ['banned', 'banReason', 'banExpires'].every((key) => key in columns)
}
