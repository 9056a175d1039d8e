/** Refuses values that a table's fields may not hold, before they reach the database. */
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import { fits } from '../../internal/argument-readers.ts'
import { checkValue } from '../../internal/check-arguments.ts'
import type { FieldRule, FieldRules } from './field-rules.ts'

/** What is wrong with a field, in words that follow its name. */
export interface FieldProblem {
  readonly field: string
  readonly problem: string
}

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
  const { picked, problems } = pickValues(table, rules, values, required)
  const [first] = problems
  if (first) throw invalidField(table, first)
  // Only fields of `values` were picked, each as it is.
  return picked as Pick<TValues, TField & keyof TValues>
}

/** Picks the fields that have rules, and tells what is wrong with each. A column that may be null needs no other value. */
export function pickValues(
  table: PgTable,
  rules: FieldRules,
  values: object,
  required: readonly string[],
): { picked: Record<string, unknown>; problems: FieldProblem[] } {
  const columns = getTableColumns(table)
  const picked: Record<string, unknown> = {}
  const problems: FieldProblem[] = []
  for (const [field, rule] of Object.entries(rules)) {
    const value: unknown = Reflect.get(values, field)
    if (value !== undefined) picked[field] = value
    const problem = value === undefined || value === null ? undefined : rule(value)
    if (problem) problems.push({ field, problem })
    else if (value === undefined && required.includes(field)) problems.push({ field, problem: 'is missing' })
    else if (value === null && columns[field]?.notNull !== false) problems.push({ field, problem: 'may not be null' })
  }
  return { picked, problems }
}

/**
 * Checks one argument.
 *
 * @throws TypystDbError `INVALID_INPUT` naming the argument, never its value.
 */
export function checkArgument(name: string, rule: FieldRule, value: unknown): void {
  checkValue(`\`${name}\``, fits(rule), value)
}

function invalidField(table: PgTable, { field, problem }: FieldProblem): TypystDbError {
  return new TypystDbError(
    'INVALID_INPUT',
    `The field \`${field}\` of a row in \`${getTableName(table)}\` ${problem}. Nothing was changed; correct it and try again.`,
    { table: getTableName(table), column: getTableColumns(table)[field]?.name },
  )
}
