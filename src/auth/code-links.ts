/** Links the functions and relations of a catalog: what calls, reads, writes and runs what. */
import type { CatalogRelation, CodeCatalog, StoredFlow, StoredFunction, StoredRun } from './code-catalog.ts'
import { closureOf, groupBy, invert } from './graph.ts'
import { emptyNode, toNode } from './function-node.ts'
import type { Node } from './function-node.ts'
import type { CatalogName } from './read-statements.ts'

/** A function that is run when a relation is written. */
export interface Run {
  readonly name: string
  readonly kind: StoredRun['kind']
  readonly function: StoredFunction
}

/** What comes of running functions and of writing relations. */
export interface Effects {
  /** What is written and what shows that, of what others may read. */
  readonly shown: readonly CatalogRelation[]
  readonly broadcasts: readonly string[]
  /** Functions that hand something to `pg_notify`. */
  readonly notifiers: readonly StoredFunction[]
  readonly isDynamic: boolean
}

/** What can be asked of the linked catalog. */
export interface CodeLinks {
  /** Whether it gets at auth tables with the rights of its owner or of the owner of what it calls. */
  reaches(of: StoredFunction): boolean
  /** Whether it may, but runs what cannot be read. */
  isUnread(of: StoredFunction): boolean
  /** Which roles can have it run by writing to a relation. */
  writersBefore(of: StoredFunction): readonly string[]
  /** Whether it, or what it calls, names a relation without a schema. */
  namesWithoutSchema(of: StoredFunction): boolean
  runsOnWrite(of: CatalogRelation): readonly Run[]
  rulesOf(of: CatalogRelation): readonly { readonly name: string; readonly target: CatalogRelation }[]
  effects(functions: readonly StoredFunction[], relations: readonly CatalogRelation[]): Effects
  /** Materialized views that functions filled from auth tables, and views that show them. */
  readonly keptViews: ReadonlySet<CatalogRelation>
}

/** Links them. Reading is linear in the text of all functions, and each question in what it touches. */
export function linkCode({ functions, relations, runs, flows }: CodeCatalog): CodeLinks {
  const functionsById = new Map(functions.map((each) => [each.id, each]))
  const relationsById = new Map(relations.map((each) => [each.id, each]))
  const functionsByName = groupBy(functions, ({ name }) => name)
  const relationsByName = groupBy(relations, ({ name }) => name)
  const runsByRelation = groupBy(runs, ({ relation }) => relation)
  const runsByFunction = groupBy(runs, (run) => run.function)
  const flowsFrom = groupBy(flows, ({ from }) => from)
  const flowsTo = groupBy(flows, ({ to }) => to)

  const next = (of: CatalogRelation, kind: StoredFlow['kind'], isForward: boolean): CatalogRelation[] =>
    ((isForward ? flowsFrom : flowsTo).get(of.id) ?? []).flatMap((flow) => {
      const relation = flow.kind === kind ? relationsById.get(isForward ? flow.to : flow.from) : undefined
      return relation ? [relation] : []
    })
  const runsOf = (of: CatalogRelation, ...kinds: readonly StoredRun['kind'][]): Run[] =>
    (runsByRelation.get(of.id) ?? []).flatMap((run) => {
      const each = functionsById.get(run.function)
      return each && kinds.includes(run.kind) ? [{ ...run, function: each }] : []
    })
  const runsOnWrite = (of: CatalogRelation): Run[] => runsOf(of, 'trigger', 'rule', 'default', 'check')
  /** What gets rows that are written to a relation, itself included: through a view, as its child, by a rule. */
  const writtenWith = (all: Iterable<CatalogRelation>): Set<CatalogRelation> =>
    closureOf(all, (of) => [
      ...next(of, 'child', true),
      ...next(of, 'rule', true),
      ...(of.kind === 'v' ? next(of, 'view', false) : []),
    ])
  /** A relation with the views below it, which are read with it. */
  const readWith = (of: CatalogRelation): Set<CatalogRelation> =>
    closureOf([of], (view) => (view.kind === 'v' || view === of ? next(view, 'view', false) : []))

  const nodes = new Map(functions.map((each) => [each, toNode(each, functionsByName, relationsByName)]))
  const nodeOf = (of: StoredFunction): Node => nodes.get(of) ?? emptyNode
  const callsOf = (of: StoredFunction): readonly StoredFunction[] => nodeOf(of).calls
  const runWith = (of: StoredFunction, written: readonly CatalogRelation[]): StoredFunction[] => {
    const { calls, relations: named } = nodeOf(of)
    const views = named.flatMap((relation) => [...readWith(relation)].filter(({ kind }) => kind === 'v'))
    const inner = [...views.flatMap((view) => runsOf(view, 'view')), ...[...writtenWith(written)].flatMap(runsOnWrite)]
    return [...calls, ...inner.map((run) => run.function)]
  }
  const runBy = (of: StoredFunction) => runWith(of, [...nodeOf(of).filled, ...nodeOf(of).emptied])
  const callersOf = invert(functions, callsOf)
  const runnersOf = invert(functions, runBy)

  const sensitive = new Set(relations.filter(({ isSensitive }) => isSensitive))
  const keptViews = new Set<CatalogRelation>()
  const findTouching = () =>
    closureOf(
      functions.filter((each) => nodeOf(each).relations.some((relation) => sensitive.has(relation))),
      (of) => runnersOf.get(of) ?? [],
    )
  let touching = findTouching()
  for (;;) {
    const kept = relations.filter(
      (view) =>
        view.kind === 'm' &&
        !sensitive.has(view) &&
        [...readWith(view)].some(
          (of) => (of === view || of.kind === 'v') && runsOf(of, 'view').some((run) => touching.has(run.function)),
        ),
    )
    if (kept.length === 0) break
    for (const each of closureOf(kept, (of) => next(of, 'view', true))) sensitive.add(each)
    for (const each of closureOf(kept, (of) => next(of, 'view', true).filter(showsToOthers))) keptViews.add(each)
    touching = findTouching()
  }
  const reaching = closureOf(
    functions.filter((each) => each.isDefiner && each.canReach && touching.has(each)),
    (of) => runnersOf.get(of) ?? [],
  )
  const dynamic = closureOf(
    functions.filter((each) => nodeOf(each).body.isDynamic),
    (of) => callersOf.get(of) ?? [],
  )
  const unread = closureOf(
    functions.filter((each) => each.isDefiner && each.canReach && dynamic.has(each)),
    (of) => callersOf.get(of) ?? [],
  )

  return {
    keptViews,
    reaches: (of) => reaching.has(of),
    isUnread: (of) => unread.has(of),
    writersBefore: ({ id }) =>
      (runsByFunction.get(id) ?? []).flatMap(({ relation, kind }) => {
        const written = relationsById.get(relation)
        return kind === 'trigger' && written && !written.isAuth ? written.writers : []
      }),
    // One with a path of its own, or bound, finds what it names whatever calls it.
    namesWithoutSchema: (of) =>
      [...closureOf([of], (each) => callsOf(each).filter(inheritsPath))].some(
        (each) => nodeOf(each).namesWithoutSchema,
      ),
    runsOnWrite,
    rulesOf: (of) =>
      (flowsFrom.get(of.id) ?? []).flatMap(({ kind, to, name }) => {
        const target = relationsById.get(to)
        return kind === 'rule' && target ? [{ name: name ?? '', target }] : []
      }),
    effects(first, targets) {
      const inFirst = [...writtenWith(targets)].flatMap(runsOnWrite).map((run) => run.function)
      // What is deleted elsewhere tells nothing of what is written here.
      const run = [...closureOf([...first, ...inFirst], (of) => runWith(of, nodeOf(of).filled))]
      const filled = writtenWith([...targets, ...run.flatMap((each) => nodeOf(each).filled)])
      const shown = closureOf(filled, (of) => [
        ...next(of, 'child', false),
        ...next(of, 'view', true).filter(showsToOthers),
      ])
      return {
        shown: [...shown].filter((relation) => !sensitive.has(relation)),
        broadcasts: run.some((each) => nodeOf(each).body.calls.some(isBroadcast)) ? ['realtime.messages'] : [],
        notifiers: run.filter((each) => nodeOf(each).body.notifies),
        isDynamic: run.some((each) => dynamic.has(each)),
      }
    },
  }
}

function showsToOthers({ kind, asksAsOwner }: CatalogRelation): boolean {
  return kind === 'm' || asksAsOwner
}

function inheritsPath({ isDefiner, isBound, path }: StoredFunction): boolean {
  return !isDefiner && !isBound && path === null
}

function isBroadcast({ schema, name }: CatalogName): boolean {
  return name === 'broadcast_changes' || (schema === 'realtime' && name === 'send')
}
