/** Looks up what a function names in the catalog. */
import type { CatalogRelation, StoredFunction } from './code-catalog.ts'
import { readBody } from './read-body.ts'
import type { CatalogName, FunctionBody, NamedRelation } from './read-statements.ts'

/** What a function does, its names looked up. */
export interface Node {
  readonly body: FunctionBody
  readonly relations: readonly CatalogRelation[]
  /** What of them gets rows or values. */
  readonly filled: readonly CatalogRelation[]
  readonly emptied: readonly CatalogRelation[]
  readonly calls: readonly StoredFunction[]
  readonly namesWithoutSchema: boolean
}

/** One that does nothing. */
export const emptyNode: Node = {
  body: readBody('sql', ''),
  relations: [],
  filled: [],
  emptied: [],
  calls: [],
  namesWithoutSchema: false,
}

/** Reads a function, whose text may name anything. */
export function toNode(
  each: StoredFunction,
  functionsByName: ReadonlyMap<string, readonly StoredFunction[]>,
  relationsByName: ReadonlyMap<string, readonly CatalogRelation[]>,
): Node {
  const body = readBody(each.language, each.source)
  const relationsOf = (named: CatalogName) => findIn(relationsByName, named)
  const attributes = [...body.attributes].flatMap((name) =>
    (functionsByName.get(name) ?? []).filter(({ isAttribute }) => isAttribute),
  )
  const certain = body.relations.filter(({ isCertain }) => isCertain)
  const used = (use: NamedRelation['use']) => [
    ...new Set(certain.filter((named) => named.use === use).flatMap(relationsOf)),
  ]
  return {
    body,
    relations: [...new Set(body.relations.flatMap(relationsOf))],
    filled: used('fill'),
    emptied: used('empty'),
    calls: [...new Set([...body.calls.flatMap((called) => findIn(functionsByName, called)), ...attributes])],
    // A name that the catalog does not have is that of a part of the statement.
    namesWithoutSchema: certain.some(
      (named) => named.schema === undefined && (named.name.startsWith('pg_') || relationsOf(named).length > 0),
    ),
  }
}

function findIn<T extends { readonly schema: string }>(
  byName: ReadonlyMap<string, readonly T[]>,
  { schema, name }: CatalogName,
): readonly T[] {
  return (byName.get(name) ?? []).filter((each) => schema === undefined || each.schema === schema)
}
