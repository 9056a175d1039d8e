/** Names the relations between planned tables as Better Auth's generator does: its adapter joins tables by these names. */
import type { FieldPlan, TablePlan } from './table-plan.ts'

/** A relation of a table. */
export interface RelationPlan {
  readonly name: string
  /** The key of the other table. */
  readonly target: string
  /** The keys of this table's and the other's column that join one row to one; none where it is one to many. */
  readonly columns?: { readonly field: string; readonly references: string }
  /** The same on both sides; tells several relations between the same two tables apart. */
  readonly relationName: string
}

interface Reference {
  readonly from: TablePlan
  readonly field: string
  readonly plan: FieldPlan
  readonly to: TablePlan
  readonly toKey: string
  /** Whether the table refers to the other one in several ways. */
  readonly isOneOfSeveral: boolean
}

/** The relations of each table, by the table's key. */
export function planRelations(plans: readonly TablePlan[]): Map<string, RelationPlan[]> {
  const references = plans.flatMap((from) => findReferences(from, plans))
  return new Map(
    plans.map((plan) => {
      const ones = references.filter(({ from }) => from === plan).map(toOne)
      const backs = references.filter(({ from, to }) => to === plan && from !== plan).map(toBack)
      return [plan.key, [...ones, ...backs]]
    }),
  )
}

/** The table and column a field refers to; none where the configuration has no such table. */
export function findReferred(
  { attribute: { references } }: FieldPlan,
  plans: readonly TablePlan[],
): { readonly table: TablePlan; readonly key: string } | undefined {
  const table = plans.find(({ model, key }) => model === references?.model || key === references?.model)
  if (!table || !references) return undefined
  return { table, key: table.fields.get(references.field)?.key ?? references.field }
}

function findReferences(from: TablePlan, plans: readonly TablePlan[]): Reference[] {
  const found = [...from.fields].flatMap(([field, plan]) => {
    const referred = findReferred(plan, plans)
    return referred ? [{ from, field, plan, to: referred.table, toKey: referred.key }] : []
  })
  return found.map((reference) => ({
    ...reference,
    isOneOfSeveral: found.filter(({ to }) => to === reference.to).length > 1,
  }))
}

function toOne(reference: Reference): RelationPlan {
  const { field, plan, to, toKey, isOneOfSeveral } = reference
  return {
    name: isOneOfSeveral ? field.replace(/Id$/, '') : to.key,
    target: to.key,
    columns: { field: plan.key, references: toKey },
    relationName: nameOf(reference),
  }
}

function toBack(reference: Reference): RelationPlan {
  const { from, field, plan, toKey, isOneOfSeveral } = reference
  const isOne = plan.attribute.unique === true
  const name = isOne ? from.key : `${from.key}s`
  return {
    name: isOneOfSeveral ? `${name}By${field.charAt(0).toUpperCase()}${field.slice(1)}` : name,
    target: from.key,
    ...(isOne && { columns: { field: toKey, references: plan.key } }),
    relationName: nameOf(reference),
  }
}

function nameOf({ from, field }: Reference): string {
  return `${from.key}_${field}`
}
