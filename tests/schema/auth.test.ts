/** Our auth tables against what the installed Better Auth says it needs. */
import { getAuthTables } from 'better-auth/db'
import { getTableName, is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { authSchema } from '../../src/schema/auth.ts'

const tables = Object.entries(authSchema).flatMap(([key, value]) => (is(value, PgTable) ? [[key, value] as const] : []))

/** Better Auth's types by the kind of value our column gives. */
const kindByDataType: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'boolean',
  date: 'date',
  number: 'number',
}

function describeColumn(table: PgTable, column: PgColumn): unknown {
  const { foreignKeys, indexes, uniqueConstraints } = getTableConfig(table)
  const foreignKey = foreignKeys.find((key) => key.reference().columns[0] === column)
  // An index holds copies of its columns.
  const leads = ([first]: readonly object[]) => first !== undefined && 'name' in first && first.name === column.name
  return {
    type: kindByDataType[column.dataType],
    required: column.notNull,
    unique: column.isUnique || uniqueConstraints.some(({ columns }) => columns.length === 1 && leads(columns)),
    // A default of the database, or one that Better Auth brings itself: dates are made by both.
    default: column.default instanceof Object ? 'expression' : column.default,
    isIndexed: column.isUnique || indexes.some(({ config }) => leads(config.columns)),
    references: foreignKey && {
      model: getTableName(foreignKey.reference().foreignTable),
      onDelete: foreignKey.onDelete,
    },
  }
}

describe('auth schema', () => {
  const needed = getAuthTables({})

  it('has exactly the tables of Better Auth, under its keys and names', () => {
    expect(tables.map(([key]) => key).toSorted()).toEqual(Object.keys(needed).toSorted())
    for (const [key, table] of tables) expect(getTableName(table)).toBe(needed[key]?.modelName)
  })

  it.each(tables)(
    'has every field of %s, with its type, default, uniqueness and reference, and no other',
    (key, table) => {
      const columns = Object.entries(getTableConfig(table).columns).map(([, column]) => column)
      const columnByKey = new Map(Object.entries(table).filter(([, value]) => columns.includes(value as PgColumn)))
      const fields = needed[key]?.fields ?? {}
      expect([...columnByKey.keys()].toSorted()).toEqual(['id', ...Object.keys(fields)].toSorted())
      for (const [name, field] of Object.entries(fields)) {
        const column = describeColumn(table, columnByKey.get(name) as PgColumn)
        expect(column, name).toMatchObject({
          type: field.type,
          required: field.required ?? true,
          unique: field.unique ?? false,
          ...(field.references && {
            references: { model: field.references.model, onDelete: field.references.onDelete },
          }),
          ...(field.index && { isIndexed: true }),
          ...(field.defaultValue !== undefined && field.type !== 'date' && { default: field.defaultValue }),
        })
      }
    },
  )

  it('stores every moment with its time zone and every name in snake_case', () => {
    for (const [, table] of tables) {
      for (const column of getTableConfig(table).columns) {
        expect(column.name).toMatch(/^[a-z]+(_[a-z]+)*$/)
        if (column.dataType === 'date') expect(column.getSQLType()).toBe('timestamp with time zone')
      }
    }
  })

  it('has the indexes that keep sign-in, paging and purges from scanning tables, and an account only once', () => {
    const indexes = tables.flatMap(([, table]) =>
      getTableConfig(table).indexes.map(({ config }) => {
        const names = config.columns.map((column) => ('name' in column ? column.name : 'expression'))
        return `${config.unique ? 'unique ' : ''}${getTableName(table)} ${names.join(',')}`
      }),
    )
    expect(indexes.toSorted()).toEqual([
      'account user_id',
      'session expires_at',
      'session user_id',
      'unique account provider_id,account_id',
      'user created_at,id',
      'verification expires_at',
      'verification identifier',
    ])
  })
})
