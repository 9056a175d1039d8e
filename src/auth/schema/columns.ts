/** Makes Drizzle's columns from fields as Better Auth describes them, with the types its own generator gives them. */
import type { DBFieldAttribute } from 'better-auth/db'
import { sql } from 'drizzle-orm'
import { bigint, boolean, integer, jsonb, text, uuid } from 'drizzle-orm/pg-core'
import type { PgColumn, PgColumnBuilderBase } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import { instant } from '../../schema/columns.ts'
import { now } from './core-tables.ts'
import type { FieldPlan, IdKind } from './table-plan.ts'

/** The part of Drizzle's column builders that is used here, whatever the column's type. */
export interface FieldBuilder extends PgColumnBuilderBase {
  notNull(): FieldBuilder
  unique(): FieldBuilder
  default(value: unknown): FieldBuilder
  $defaultFn(make: () => unknown): FieldBuilder
  $onUpdate(make: () => unknown): FieldBuilder
  references(to: () => PgColumn, actions: { onDelete: OnDelete }): FieldBuilder
}

type OnDelete = NonNullable<NonNullable<DBFieldAttribute['references']>['onDelete']>

/** The primary key of every table. */
export function idColumn(kind: IdKind): FieldBuilder {
  switch (kind) {
    case 'text':
      return text('id').primaryKey()
    case 'uuid':
      return uuid('id')
        .default(sql`gen_random_uuid()`)
        .primaryKey()
    case 'serial':
      return integer('id').generatedByDefaultAsIdentity().primaryKey()
    default:
      return kind satisfies never
  }
}

/**
 * A column with its type, default and constraints.
 *
 * @param referred - The column it refers to, where that is in the schema.
 */
export function fieldColumn(
  { columnName, attribute }: FieldPlan,
  kind: IdKind,
  referred: (() => PgColumn) | undefined,
): FieldBuilder {
  const { references, required = true, unique = false, defaultValue, onUpdate } = attribute
  let column: FieldBuilder =
    references?.field === 'id' ? referenceColumn(columnName, kind) : plainColumn(columnName, attribute)
  if (required) column = column.notNull()
  if (unique) column = column.unique()
  if (defaultValue === now) column = column.default(sql`now()`)
  else if (typeof defaultValue === 'function') column = column.$defaultFn(defaultValue)
  else if (defaultValue !== undefined && defaultValue !== null) column = column.default(defaultValue)
  if (onUpdate) column = column.$onUpdate(onUpdate)
  if (referred) column = column.references(referred, { onDelete: references?.onDelete ?? 'cascade' })
  return column
}

function referenceColumn(name: string, kind: IdKind): FieldBuilder {
  switch (kind) {
    case 'text':
      return text(name)
    case 'uuid':
      return uuid(name)
    case 'serial':
      return integer(name)
    default:
      return kind satisfies never
  }
}

function plainColumn(name: string, { type, bigint: isBig = false }: DBFieldAttribute): FieldBuilder {
  // A list of strings is a choice between them.
  if (Array.isArray(type)) return text(name)
  switch (type) {
    case 'string':
      return text(name)
    case 'boolean':
      return boolean(name)
    case 'date':
      return instant(name)
    case 'json':
      return jsonb(name)
    case 'number':
      return isBig ? bigint(name, { mode: 'number' }) : integer(name)
    case 'string[]':
      return text(name).array()
    case 'number[]':
      return isBig ? bigint(name, { mode: 'number' }).array() : integer(name).array()
    default:
      throw new TypystDbError(
        'INVALID_OPTIONS',
        `The field of column "${name}" has a type that Better Auth does not know. Correct it in the plugin or in \`additionalFields\`.`,
      )
  }
}
