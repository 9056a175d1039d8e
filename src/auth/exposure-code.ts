/** Reads the functions of a database: which of them, run with the rights of their owner, get at the auth tables. */
import type { SqlExecutor } from '../internal/sql-connection.ts'
import { linkCode } from './code-links.ts'
import type { CatalogRelation, CodeCatalog, StoredFunction } from './code-catalog.ts'
import type { CodeLinks } from './code-links.ts'
import { flowsQuery, functionsQuery, relationsQuery, runsQuery, schemasQuery } from './exposure-query.ts'
import { schemasOfPath } from './search-path.ts'

/** What was found, as the other findings come from the catalog. */
export interface CodeFinding {
  readonly kind:
    'view' | 'function' | 'dynamic-function' | 'search-path' | 'trigger' | 'copy' | 'notification' | 'unread-trigger'
  readonly subject: string
  readonly role: string | undefined
  readonly via: string | undefined
}

interface Creators {
  readonly name: string
  readonly creators: readonly string[]
}

/** Inspects every function that is no extension's; reads the catalog alone. */
export async function inspectCode(executor: SqlExecutor, tables: readonly string[]): Promise<CodeFinding[]> {
  const catalog: CodeCatalog = {
    functions: await rowsOf(executor, functionsQuery, tables),
    relations: await rowsOf(executor, relationsQuery, tables),
    runs: await rowsOf(executor, runsQuery, tables),
    flows: await rowsOf(executor, flowsQuery, tables),
  }
  const schemas = await rowsOf<Creators>(executor, schemasQuery, tables)
  const links = linkCode(catalog)
  const found = [
    ...keptViews(links),
    ...catalog.functions.flatMap((each) => openFunction(each, links, schemas)),
    ...catalog.relations.flatMap((relation) =>
      relation.isAuth ? copies(relation, links) : openTriggers(relation, links),
    ),
  ]
  const unique = new Map(found.map((each) => [JSON.stringify([each.kind, each.subject, each.role, each.via]), each]))
  return [...unique.values()]
}

/** Materialized views that functions fill from auth tables, and views over those. */
function keptViews({ keptViews: kept }: CodeLinks): CodeFinding[] {
  return [...kept].flatMap(({ subject, readers }) =>
    readers.map((role) => ({ kind: 'view' as const, subject, role, via: undefined })),
  )
}

/** Functions that run as their owner for a role of the Data API, be it for a call or for what it writes. */
function openFunction(each: StoredFunction, links: CodeLinks, schemas: readonly Creators[]): CodeFinding[] {
  if (!each.isDefiner) return []
  const { subject } = each
  const asCalled = each.callers.flatMap((role): CodeFinding[] => {
    if (links.reaches(each)) return [{ kind: 'function', subject, role, via: undefined }]
    return links.isUnread(each) ? [{ kind: 'dynamic-function', subject, role, via: undefined }] : []
  })
  if (!each.canReach) return asCalled
  const roles = new Set([...each.callers, ...links.writersBefore(each)])
  const astray = [...roles].filter((role) => canMislead(role, each, links, schemas))
  return [...asCalled, ...astray.map((role): CodeFinding => ({ kind: 'search-path', subject, role, via: undefined }))]
}

/**
 * Whether a role can create what the function then takes for something else. Temporary relations come before all others
 * unless the path says where; temporary functions are never found by their name alone.
 */
function canMislead(role: string, each: StoredFunction, links: CodeLinks, schemas: readonly Creators[]): boolean {
  if (each.isBound) return false
  const may = (name: string) => {
    const creators =
      schemas.find((schema) => schema.name === name)?.creators ?? schemas.find((schema) => schema.name === '')?.creators
    return creators?.some((creator) => creator === role || creator === 'public') ?? false
  }
  const path = each.path === null ? undefined : schemasOfPath(each.path, each.owner)
  const placed =
    path?.filter((name) => name !== 'pg_temp') ?? schemas.map(({ name }) => name).filter((name) => name !== 'pg_temp')
  if (placed.some(may)) return true
  const isTempLast = path !== undefined && path.at(-1) === 'pg_temp'
  return !isTempLast && may('pg_temp') && links.namesWithoutSchema(each)
}

/** Triggers of what others may write that run with the rights of their owner. */
function openTriggers(relation: CatalogRelation, links: CodeLinks): CodeFinding[] {
  if (relation.writers.length === 0) return []
  return links
    .runsOnWrite(relation)
    .filter(
      ({ kind, function: each }) =>
        kind === 'trigger' && each.isDefiner && (links.reaches(each) || links.isUnread(each)),
    )
    .flatMap(({ function: each }) =>
      relation.writers.map((role) => ({
        kind: 'trigger' as const,
        subject: relation.subject,
        role,
        via: each.subject,
      })),
    )
}

/** Where what is written to an auth table gets to, by its triggers, rules, defaults and checks, at however many removes. */
function copies(relation: CatalogRelation, links: CodeLinks): CodeFinding[] {
  const runs = links.runsOnWrite(relation).map((run) => ({ name: run.name, code: links.effects([run.function], []) }))
  const rules = links.rulesOf(relation).map(({ name, target }) => ({ name, code: links.effects([], [target]) }))
  return [...runs, ...rules].flatMap(({ name: via, code }): CodeFinding[] => [
    ...code.shown.flatMap(({ subject, readers }) =>
      readers.map((role) => ({ kind: 'copy' as const, subject, role, via })),
    ),
    ...code.broadcasts.map((subject) => ({ kind: 'copy' as const, subject, role: undefined, via })),
    ...code.notifiers.map(({ subject }) => ({ kind: 'notification' as const, subject, role: undefined, via })),
    ...(code.isDynamic ? [{ kind: 'unread-trigger' as const, subject: relation.subject, role: undefined, via }] : []),
  ])
}

async function rowsOf<T>(executor: SqlExecutor, query: string, tables: readonly string[]): Promise<T[]> {
  const { rows } = await executor.query(query, [tables])
  return rows as unknown as T[] // The one edge where what the queries select gets its type.
}
