/** Reads the functions of a database: which of them, run with the rights of their owner, get at the auth tables. */
import type { SqlExecutor } from '../internal/sql-connection.ts'
import { functionsQuery, relationsQuery, triggersQuery } from './exposure-query.ts'

/** What was found, as the other findings come from the catalog. */
export interface CodeFinding {
  readonly kind: 'function' | 'dynamic-function' | 'search-path' | 'trigger' | 'copy' | 'unread-trigger'
  readonly subject: string
  readonly role: string | undefined
  readonly via: string | undefined
}

interface StoredFunction {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly subject: string
  readonly language: string
  readonly source: string
  readonly isDefiner: boolean
  readonly hasPath: boolean
  /** Whether its owner has rights on an auth table. */
  readonly canReach: boolean
  /** Which roles of the Data API can have it run. */
  readonly callers: readonly string[]
  /** Which of them can create functions that it might take for others. */
  readonly creators: readonly string[]
}

interface Trigger {
  readonly name: string
  readonly function: string
  readonly table: string
  readonly isAuth: boolean
  readonly writers: readonly string[]
}

interface Relation {
  readonly schema: string
  readonly name: string
  readonly subject: string
  readonly isSensitive: boolean
  readonly readers: readonly string[]
}

/** Inspects every function that is no extension's; reads the catalog alone. */
export async function inspectCode(executor: SqlExecutor, tables: readonly string[]): Promise<CodeFinding[]> {
  const functions = await rowsOf<StoredFunction>(executor, functionsQuery, tables)
  const triggers = await rowsOf<Trigger>(executor, triggersQuery, tables)
  const relations = await rowsOf<Relation>(executor, relationsQuery, tables)
  const functionsById = new Map(functions.map((each) => [each.id, each]))
  const reading = readCode(functions, relations)
  const found: CodeFinding[] = []

  for (const each of functions) {
    if (!each.isDefiner || !each.canReach) continue
    for (const role of each.callers) {
      const code = reading(each)
      if (code.touches) found.push({ kind: 'function', subject: each.subject, role, via: undefined })
      else if (code.isDynamic) found.push({ kind: 'dynamic-function', subject: each.subject, role, via: undefined })
      if (!each.hasPath && each.creators.length > 0) {
        found.push({ kind: 'search-path', subject: each.subject, role, via: undefined })
      }
    }
  }
  for (const { name, table, isAuth, writers, function: id } of triggers) {
    const each = functionsById.get(id)
    if (!each) continue
    const code = reading(each)
    if (isAuth) {
      for (const relation of code.writes) {
        for (const role of relation.readers) found.push({ kind: 'copy', subject: relation.subject, role, via: name })
      }
      for (const target of code.broadcasts) found.push({ kind: 'copy', subject: target, role: undefined, via: name })
      if (code.isDynamic) found.push({ kind: 'unread-trigger', subject: table, role: undefined, via: name })
    } else if (each.isDefiner && each.canReach && (code.touches || code.isDynamic)) {
      for (const role of writers) found.push({ kind: 'trigger', subject: table, role, via: each.subject })
    }
  }
  return found
}

/** What a function does, with what it calls. */
interface Code {
  /** Whether it reads or writes an auth table, or a view over one. */
  readonly touches: boolean
  /** Whether it runs statements that it puts together, or is in a language that is not read here. */
  readonly isDynamic: boolean
  /** What others may read and it may write. */
  readonly writes: ReadonlySet<Relation>
  /** What sends to others what it is given. */
  readonly broadcasts: ReadonlySet<string>
}

const identifier = '(?:"(?:[^"]|"")+"|[a-z_\\u0080-\\uffff][a-z0-9_$\\u0080-\\uffff]*)'
/** A relation where a statement has one, also in the text of a statement that is put together. */
const relationPattern = new RegExp(
  `\\b(from|join|into|update|only|table|truncate|copy|using|lock)\\s+(?:only\\s+|table\\s+)*(?:(${identifier})\\s*\\.\\s*)?(${identifier})`,
  'gi',
)
/** The ones after the first in a list of them. */
const listPattern = new RegExp(
  `\\bfrom\\s+((?:[^;()'"]|"[^"]*")*?)(?=\\b(?:where|group|order|join|limit|for|union|loop|into|returning)\\b|[;()']|$)`,
  'gi',
)
const listedPattern = new RegExp(`,\\s*(?:(${identifier})\\s*\\.\\s*)?(${identifier})`, 'gi')
const callPattern = new RegExp(`(?:(${identifier})\\s*\\.\\s*)?(${identifier})\\s*\\(`, 'gi')
/** Statements that come from elsewhere: by `execute`, or by a function that runs a text. */
const dynamicPattern =
  /\bexecute\b(?!\s+(?:function|procedure|on)\b)|\b(?:query_to_xml\w*|table_to_xml\w*|schema_to_xml\w*|database_to_xml\w*|cursor_to_xml\w*|ts_stat|ts_rewrite|dblink\w*|cursor_to_xmlschema)\s*\(/i
const broadcastPattern = /\brealtime\s*\.\s*(?:broadcast_changes|send)\s*\(/i

function readCode(functions: readonly StoredFunction[], relations: readonly Relation[]): (of: StoredFunction) => Code {
  const relationsByName = groupBy(relations, ({ name }) => name)
  const functionsByName = groupBy(functions, ({ name }) => name)
  const known = new Map<string, Code>()

  const findIn = <T extends { readonly schema: string }>(
    byName: ReadonlyMap<string, readonly T[]>,
    schema: string | undefined,
    name: string,
  ): readonly T[] =>
    (byName.get(plain(name)) ?? []).filter((each) => schema === undefined || each.schema === plain(schema))

  const read = (of: StoredFunction): Code => {
    const seen = known.get(of.id)
    if (seen) return seen
    // One that calls itself adds nothing to itself.
    known.set(of.id, { touches: false, isDynamic: false, writes: new Set(), broadcasts: new Set() })
    const source = withoutComments(of.source)
    let touches = false
    let isDynamic = !['sql', 'plpgsql'].includes(of.language) || dynamicPattern.test(source)
    const writes = new Set<Relation>()
    const broadcasts = new Set<string>()
    if (broadcastPattern.test(source)) broadcasts.add('realtime.messages')
    for (const [, verb = '', schema, name = ''] of source.matchAll(relationPattern)) {
      for (const relation of findIn(relationsByName, schema, name)) {
        touches ||= relation.isSensitive
        const isWritten = ['into', 'update', 'copy'].includes(verb.toLowerCase())
        if (isWritten && !relation.isSensitive && relation.readers.length > 0) writes.add(relation)
      }
    }
    for (const [, list = ''] of source.matchAll(listPattern)) {
      for (const [, schema, name = ''] of list.matchAll(listedPattern)) {
        touches ||= findIn(relationsByName, schema, name).some(({ isSensitive }) => isSensitive)
      }
    }
    for (const [, schema, name = ''] of source.matchAll(callPattern)) {
      for (const called of findIn(functionsByName, schema, name)) {
        const inner = read(called)
        touches ||= inner.touches
        isDynamic ||= inner.isDynamic
        for (const each of inner.writes) writes.add(each)
        for (const each of inner.broadcasts) broadcasts.add(each)
      }
    }
    const code = { touches, isDynamic, writes, broadcasts }
    known.set(of.id, code)
    return code
  }
  return read
}

/** The name as the catalog has it. */
function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()
}

/** A comment may part a keyword from its table. */
function withoutComments(source: string): string {
  return source.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}

async function rowsOf<T>(executor: SqlExecutor, query: string, tables: readonly string[]): Promise<T[]> {
  const { rows } = await executor.query(query, [tables])
  return rows as unknown as T[] // The one edge where what the queries select gets its type.
}
