/** Describes the core tables as Better Auth's plugins describe theirs, read from `schema/auth` so that they stand there only. */
import type { DBFieldAttribute } from 'better-auth/db'
import { SQL, getTableColumns, getTableName, is } from 'drizzle-orm'
import { PgTable, getTableConfig } from 'drizzle-orm/pg-core'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { authSchema } from '../../schema/auth.ts'
import type { AuthSchema } from '../../schema/auth.ts'
import type { TableSource } from './table-plan.ts'

/** The models that every configuration has. */
export const coreModels = ['user', 'session', 'account', 'verification'] as const

/** One of them. */
export type CoreModel = (typeof coreModels)[number]

/** The default of a column that the database fills with the time. */
export const now = (): Date => new Date()

/** The core table of a model. */
export function readCoreTable(model: CoreModel): TableSource {
  const table: PgTable = authSchema[model]
  const { foreignKeys, indexes } = getTableConfig(table)
  const keysByColumn = new Map(Object.entries(getTableColumns(table)).map(([key, column]) => [column.name, key]))
  const references = new Map(
    foreignKeys.flatMap((foreignKey) => {
      const { columns, foreignTable } = foreignKey.reference()
      const [column] = columns
      const target = coreModels.find((candidate) => authSchema[candidate] === foreignTable)
      if (!column || !target) return []
      return [[column.name, { model: target, field: 'id', onDelete: foreignKey.onDelete ?? 'no action' }] as const]
    }),
  )
  const fields = Object.entries(getTableColumns(table))
    .filter(([key]) => key !== 'id')
    .map(([key, column]) => [key, toAttribute(column, references.get(column.name))] as const)
  return {
    fields: Object.fromEntries(fields),
    indexes: indexes.map(({ config }) => ({
      name: config.name,
      unique: config.unique,
      fields: config.columns.flatMap((column) =>
        'name' in column ? (keysByColumn.get(String(column.name)) ?? []) : [],
      ),
    })),
  }
}

/**
 * Whether a schema has the core tables as the migrations create them. With other names or another kind of keys it has tables
 * of its own, and the migrations are none of its business.
 */
export function hasCoreTables(schema: Readonly<Record<string, unknown>>): boolean {
  return coreModels.every((model) => isCoreTable(schema[model], model))
}

/** Whether a table is the core's, or that with more columns. */
export function isCoreTable<TModel extends CoreModel>(table: unknown, model: TModel): table is AuthSchema[TModel] {
  const core: PgTable = authSchema[model]
  if (!is(table, PgTable) || getTableName(table) !== getTableName(core)) return false
  const columns: Record<string, PgColumn> = getTableColumns(table)
  return Object.entries<PgColumn>(getTableColumns(core)).every(
    ([key, column]) => columns[key]?.name === column.name && columns[key].getSQLType() === column.getSQLType(),
  )
}

function toAttribute(column: PgColumn, references: DBFieldAttribute['references']): DBFieldAttribute {
  return {
    type: toFieldType(column.dataType),
    required: column.notNull,
    unique: column.isUnique,
    ...(references && { references }),
    ...(is(column.default, SQL) && { defaultValue: now }),
    ...(typeof column.default === 'boolean' && { defaultValue: column.default }),
    ...(column.onUpdateFn && { onUpdate: now }),
  }
}

function toFieldType(dataType: string): DBFieldAttribute['type'] {
  if (dataType === 'string' || dataType === 'boolean' || dataType === 'date') return dataType
  throw new TypeError(`The core tables have a column of type ${dataType}, which Better Auth's fields do not know.`)
}
