/** Refuses values that a table's fields may not hold, before they reach the database. */
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import type { FieldRule, FieldRules } from './field-rules.ts'

/**
 * Picks the fields that have rules out of `values`, and checks them. Whatever else `values` has is left behind, so a whole
 * row can be passed and its `updatedAt` or owner are still the package's to keep.
 *
 * @param required - Fields that must be there.
 * @throws TypystDbError `INVALID_INPUT` naming the field, never the value.
 */
export function checkValues<TValues extends object, TField extends string>(
  table: PgTable,
  rules: Readonly<Record<TField, FieldRule>>,
  values: TValues,
  required: readonly NoInfer<TField>[] = [],
): Pick<TValues, TField & keyof TValues> {
  const columns = getTableColumns(table)
  const checked: Record<string, unknown> = {}
  for (const [field, rule] of Object.entries<FieldRule>(rules satisfies FieldRules)) {
    const value: unknown = Reflect.get(values, field)
    if (value === undefined) {
      if (required.some((name) => name === field)) throw invalidField(table, field, 'is missing')
      continue
    }
    const isEmpty = value === null && columns[field]?.notNull !== true
    const problem = isEmpty ? undefined : value === null ? 'may not be null' : rule(value)
    if (problem) throw invalidField(table, field, problem)
    checked[field] = value
  }
  // Only fields of `values` were put in, each as it is.
  return checked as Pick<TValues, TField & keyof TValues>
}

/**
 * Checks one argument.
 *
 * @throws TypystDbError `INVALID_INPUT` naming the argument, never its value.
 */
export function checkArgument(name: string, rule: FieldRule, value: unknown): void {
  const problem = rule(value)
  if (problem) throw new TypystDbError('INVALID_INPUT', `\`${name}\` ${problem}. Correct it and try again.`)
}

function invalidField(table: PgTable, field: string, problem: string): TypystDbError {
  return new TypystDbError(
    'INVALID_INPUT',
    `The field \`${field}\` of a row in \`${getTableName(table)}\` ${problem}. Nothing was changed; correct it and try again.`,
    { table: getTableName(table), column: getTableColumns(table)[field]?.name },
  )
}
