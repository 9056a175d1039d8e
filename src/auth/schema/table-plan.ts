/** Decides which tables and columns a Better Auth configuration needs: the core ones, those of its plugins, extra fields. */
import type { DBFieldAttribute } from 'better-auth/db'
import { toSnakeCase } from 'drizzle-orm/casing'
import { coreModels, readCoreTable } from './core-tables.ts'
import type { AuthSchemaOptions } from './schema-types.ts'

/** What the keys of rows are: `text` made by Better Auth, or made by the database. */
export type IdKind = 'text' | 'uuid' | 'serial'

/** A column: where it stands, and Better Auth's description of it. */
export interface FieldPlan {
  /** The property in Drizzle, which Better Auth's adapter asks for. */
  readonly key: string
  readonly columnName: string
  readonly attribute: DBFieldAttribute
}

/** An index over columns, by their keys. */
export interface IndexPlan {
  readonly name: string
  readonly keys: readonly string[]
  readonly isUnique: boolean
}

/** A table. */
export interface TablePlan {
  /** The model as Better Auth's code calls it, also where its options give it another name. */
  readonly model: string
  /** The key in the schema object, which the adapter asks for. */
  readonly key: string
  readonly tableName: string
  /** By the field's name in Better Auth's code. */
  readonly fields: ReadonlyMap<string, FieldPlan>
  readonly indexes: readonly IndexPlan[]
}

/** A table as a plugin describes it; the core tables are brought into the same form. */
export interface TableSource {
  readonly modelName?: string | undefined
  readonly fields: Readonly<Record<string, DBFieldAttribute>>
  readonly indexes?: readonly IndexSource[] | undefined
  readonly disableMigration?: boolean | undefined
}

interface IndexSource {
  readonly fields: readonly string[]
  readonly name?: string | undefined
  readonly unique?: boolean | undefined
}

/** A table's own options: another name, other names of its fields, more fields. */
interface TableOptions {
  readonly modelName?: string | undefined
  readonly fields?: Readonly<Record<string, string | undefined>> | undefined
  readonly additionalFields?: TableSource['fields'] | undefined
}

/** Where Better Auth counts requests when `rateLimit.storage` is `database`; no plugin describes it. */
const rateLimitFields: TableSource['fields'] = {
  key: { type: 'string', required: true, unique: true },
  count: { type: 'number', required: true },
  lastRequest: { type: 'number', required: true, bigint: true },
}

/** The kind of key that `advanced.database.generateId` asks for. */
export function idKindOf(options: AuthSchemaOptions): IdKind {
  const generateId = options.advanced?.database?.generateId
  return generateId === 'uuid' || generateId === 'serial' ? generateId : 'text'
}

/** The tables, the core ones first. */
export function planTables(options: AuthSchemaOptions): TablePlan[] {
  const sources = new Map<string, TableSource>(coreModels.map((model) => [model, readCoreTable(model)]))
  for (const { schema = {} } of options.plugins ?? []) {
    for (const [model, source] of Object.entries(schema)) sources.set(model, merge(sources.get(model), source))
  }
  if (options.rateLimit?.storage === 'database') sources.set('rateLimit', { fields: rateLimitFields })
  return [...sources]
    .filter(([, { disableMigration }]) => disableMigration !== true)
    .map(([model, source]) => planTable(model, withOptions(source, tableOptions(options, model))))
}

/** What two plugins, or the core and a plugin, say of one table. */
function merge(known: TableSource | undefined, added: TableSource): TableSource {
  return {
    modelName: added.modelName ?? known?.modelName,
    fields: { ...known?.fields, ...added.fields },
    indexes: [...(known?.indexes ?? []), ...(added.indexes ?? [])],
    disableMigration: added.disableMigration ?? known?.disableMigration,
  }
}

function tableOptions(options: AuthSchemaOptions, model: string): TableOptions | undefined {
  switch (model) {
    case 'user':
    case 'session':
    case 'account':
    case 'verification':
    case 'rateLimit':
      return options[model]
    default:
      return undefined
  }
}

function withOptions(source: TableSource, options: TableOptions = {}): TableSource {
  const { modelName, fields: names = {}, additionalFields } = options
  const renamed = Object.entries(source.fields).map(([field, attribute]) => {
    const fieldName = names[field]
    return [field, fieldName === undefined ? attribute : { ...attribute, fieldName }] as const
  })
  return {
    ...source,
    modelName: modelName ?? source.modelName,
    fields: { ...Object.fromEntries(renamed), ...additionalFields },
  }
}

function planTable(model: string, { modelName: key = model, fields, indexes = [] }: TableSource): TablePlan {
  const tableName = toSnakeCase(key)
  const planned = new Map(
    Object.entries(fields).map(([field, attribute]) => {
      const { fieldName = field } = attribute
      return [field, { key: fieldName, columnName: toSnakeCase(fieldName), attribute }]
    }),
  )
  const declared = indexes.map(({ fields: of, name, unique = false }) =>
    planIndex(
      tableName,
      of.map((field) => planned.get(field)?.key ?? field),
      unique,
      name,
    ),
  )
  // A reference without an index makes each deletion of what it refers to read the whole table.
  const single = [...planned.values()]
    .filter(({ attribute }) => (attribute.index === true || attribute.references) && attribute.unique !== true)
    .filter(({ key: field }) => !declared.some(({ keys }) => keys[0] === field))
    .map(({ key: field }) => planIndex(tableName, [field], false))
  return { model, key, tableName, fields: planned, indexes: [...declared, ...single] }
}

function planIndex(tableName: string, keys: readonly string[], isUnique: boolean, name?: string): IndexPlan {
  return { keys, isUnique, name: name ?? `${[tableName, ...keys.map((key) => toSnakeCase(key))].join('_')}_idx` }
}
