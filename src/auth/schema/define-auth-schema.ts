/** Builds the tables and relations that a Better Auth configuration needs. */
import { getTableColumns, relations } from 'drizzle-orm'
import type { Relation, Relations } from 'drizzle-orm'
import { index, pgTable, uniqueIndex } from 'drizzle-orm/pg-core'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import { checkValue, interpret } from '../../internal/check-arguments.ts'
import { betterAuthOptions } from './better-auth-options.ts'
import { fieldColumn, idColumn } from './columns.ts'
import type { FieldBuilder } from './columns.ts'
import { findReferred, planRelations } from './relation-plan.ts'
import type { RelationPlan } from './relation-plan.ts'
import type { AuthSchemaOf, AuthSchemaOptions } from './schema-types.ts'
import { idKindOf, planTables } from './table-plan.ts'
import type { FieldPlan, IdKind, TablePlan } from './table-plan.ts'

type Tables = ReadonlyMap<string, PgTable>

/**
 * The tables and relations of a Better Auth configuration, typed: the core ones with extra fields, and those of its plugins.
 * Opens nothing. Pass the same options to `betterAuth`.
 *
 * @param options - Better Auth's options, or the part of them that decides about tables.
 * @throws TypystDbError `INVALID_OPTIONS` when a field has an unknown type or refers to what is not there.
 *
 * @example
 * ```ts
 * import { betterAuth } from 'better-auth'
 * import type { BetterAuthOptions } from 'better-auth'
 * import { admin, organization } from 'better-auth/plugins'
 * import { createAuthDatabase, defineAuthSchema } from '@typyst/db/auth'
 *
 * const options = {
 *   emailAndPassword: { enabled: true },
 *   user: { additionalFields: { locale: { type: 'string', required: false } } },
 *   plugins: [organization(), admin()],
 * } satisfies BetterAuthOptions
 *
 * const authDb = createAuthDatabase({ schema: defineAuthSchema(options) })
 * export const auth = betterAuth({ ...options, database: authDb.adapter })
 * await authDb.migrate() // the core tables, then what the plugins and the extra fields add
 * const members = await authDb.db.query.member.findMany({ with: { user: true } })
 * ```
 */
export function defineAuthSchema<const TOptions extends AuthSchemaOptions>(options: TOptions): AuthSchemaOf<TOptions>
export function defineAuthSchema(options: AuthSchemaOptions): Record<string, PgTable | Relations> {
  const name = '`options` of defineAuthSchema()'
  checkValue(name, betterAuthOptions, options, 'INVALID_OPTIONS')
  return interpret(name, 'INVALID_OPTIONS', () => buildSchema(options))
}

function buildSchema(options: AuthSchemaOptions): Record<string, PgTable | Relations> {
  const plans = planTables(options)
  const kind = idKindOf(options)
  const tables = new Map<string, PgTable>()
  const referredBy = (field: FieldPlan) => {
    const referred = findReferred(field, plans)
    return referred && (() => columnIn(tables, referred.table.key, referred.key))
  }
  for (const plan of plans) tables.set(plan.key, buildTable(plan, kind, referredBy))
  const schema: Record<string, PgTable | Relations> = Object.fromEntries(tables)
  for (const [key, planned] of planRelations(plans)) {
    if (planned.length > 0) schema[`${key}Relations`] = buildRelations(tables, key, planned)
  }
  return schema
}

function buildTable(
  { tableName, fields, indexes }: TablePlan,
  kind: IdKind,
  referredBy: (field: FieldPlan) => (() => PgColumn) | undefined,
): PgTable {
  const columns: Record<string, FieldBuilder> = { id: idColumn(kind) }
  for (const field of fields.values()) columns[field.key] = fieldColumn(field, kind, referredBy(field))
  const table = pgTable(tableName, columns, (self) =>
    indexes.flatMap(({ name, keys, isUnique }) => {
      const [first, ...rest] = keys.flatMap((key) => self[key] ?? [])
      return first ? [(isUnique ? uniqueIndex(name) : index(name)).on(first, ...rest)] : []
    }),
  )
  table.enableRLS()
  return table
}

function buildRelations(tables: Tables, key: string, planned: readonly RelationPlan[]): Relations {
  return relations(tableIn(tables, key), ({ one, many }) =>
    Object.fromEntries<Relation>(
      planned.map(({ name, target, columns, relationName }): [string, Relation] => {
        const other = tableIn(tables, target)
        if (!columns) return [name, many(other, { relationName })]
        const fields: [PgColumn] = [columnIn(tables, key, columns.field)]
        return [name, one(other, { relationName, fields, references: [columnIn(tables, target, columns.references)] })]
      }),
    ),
  )
}

function tableIn(tables: Tables, key: string): PgTable {
  const table = tables.get(key)
  if (!table) throw missing(`table "${key}"`)
  return table
}

function columnIn(tables: Tables, tableKey: string, key: string): PgColumn {
  const column: PgColumn | undefined = getTableColumns(tableIn(tables, tableKey))[key]
  if (!column) throw missing(`column "${key}" of table "${tableKey}"`)
  return column
}

function missing(what: string): TypystDbError {
  return new TypystDbError(
    'INVALID_OPTIONS',
    `A field refers to ${what}, which no plugin and no option defines. Correct its \`references\`.`,
  )
}
