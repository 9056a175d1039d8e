/** What a statement does and to which table, and its shape without values, both read from its text. */
import { scanSql } from './scan-sql.ts'
import type { SqlToken } from './scan-sql.ts'

/** What a statement does; `transaction` is one from its begin to its commit, `other` is anything that is no query. */
export type QueryOperation = 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'transaction' | 'other'

/** What the head of a statement tells. */
export interface StatementHead {
  readonly operation: QueryOperation
  /** The table without its schema: the one that is changed, or the first that is read. */
  readonly table: string | undefined
}

const changes = ['insert', 'update', 'delete', 'merge'] as const

/** Texts come again and again, so their heads are kept; the long ones are those that do not. */
const maxKeptHeads = 1000
const maxKeptCharacters = 10_000
const headsByText = new Map<string, StatementHead>()

/** Reads the head of a statement. A change inside a `with` counts as the statement's own. */
export function describeStatement(text: string): StatementHead {
  const kept = headsByText.get(text)
  if (kept) return kept
  const head = readHead(text)
  if (text.length <= maxKeptCharacters) {
    if (headsByText.size >= maxKeptHeads) headsByText.clear()
    headsByText.set(text, head)
  }
  return head
}

/** The statement on one line, `?` for each number and each text in it: what is left tells queries apart and holds no value. */
export function statementShape(text: string): string {
  let shape = ''
  for (const { kind, text: piece } of scanSql(text)) {
    if (kind === 'literal') shape += '?'
    else if (kind !== 'space') shape += piece
    else if (!shape.endsWith(' ')) shape += ' '
  }
  return shape.trim()
}

function readHead(text: string): StatementHead {
  const tokens = scanSql(text)
  const named = new Map<string, string>()
  let depth = 0
  let isWith = false
  let previous = ''
  /** The query of a `with` that is being read: its name, and what is in its parentheses so far. */
  let name = ''
  let body: string | undefined
  for (const token of tokens) {
    if (token.text === ')') {
      depth -= 1
      if (depth === 0 && body !== undefined) {
        named.set(name, body)
        body = undefined
      }
    }
    if (body !== undefined) body += token.text
    if (token.kind === 'space') continue
    const word = keywordOf(token)
    if (token.text === '(') {
      if (depth === 0 && (previous === 'as' || previous === 'materialized')) body = ''
      depth += 1
    }
    const change = changes.find((operation) => operation === word)
    // Inside the parentheses of a `with`, a change opens one; the statement itself begins outside of them.
    if (change && (!isWith || depth === 0 || previous === '(')) {
      return { operation: change, table: readTable(tokens, change === 'update' ? 'table' : change) }
    }
    if (word === 'select' && (!isWith || depth === 0)) {
      return { operation: 'select', table: tableBehind(readTable(tokens, 'select'), named) }
    }
    if (depth === 0 && (previous === 'with' || previous === 'recursive' || previous === ',')) name = nameOf(token)
    if (word === 'with') isWith = true
    else if (!isWith && token.text !== '(') return { operation: 'other', table: undefined }
    previous = word === '' ? token.text : word
  }
  return { operation: 'other', table: undefined }
}

/** The table that a query of the `with` reads first, when the name is one of those. */
function tableBehind(table: string | undefined, named: Map<string, string>): string | undefined {
  const body = table === undefined ? undefined : named.get(table)
  if (table === undefined || body === undefined) return table
  // One that reads itself reads something else before.
  named.delete(table)
  return tableBehind(readHead(body).table, named)
}

/** Goes on from behind `select`, `insert` or `delete` to the name of the table, or from just before it. */
function readTable(
  tokens: Iterable<SqlToken>,
  from: 'select' | 'insert' | 'delete' | 'merge' | 'table',
): string | undefined {
  let depth = 0
  let isNext = from === 'table'
  let name: string | undefined
  let previous = ''
  for (const token of tokens) {
    if (token.kind === 'space') continue
    if (name !== undefined) {
      // `schema.table`: the name is still to come. `from f(…)`: it was a function's.
      if (token.text !== '.') return token.text === '(' && from === 'select' ? undefined : name
      name = undefined
    } else if (isNext && token.text === '(') {
      // A query in parentheses: its first table counts.
      isNext = false
      depth = 0
    } else if (isNext) {
      const word = keywordOf(token)
      if (word === 'only' || word === 'lateral') continue
      if (token.kind !== 'word' && token.kind !== 'name') return undefined
      name = nameOf(token)
    } else {
      if (token.text === '(') depth += 1
      if (token.text === ')') depth -= 1
      const word = keywordOf(token)
      const isBefore =
        from === 'insert' || from === 'merge' ? word === 'into' : word === 'from' && previous !== 'distinct'
      isNext = isBefore && depth === 0
      previous = word
    }
  }
  return name
}

/** The name that a token is, as Postgres folds it. */
function nameOf(token: SqlToken): string {
  return token.kind === 'name' ? token.text.slice(1, -1).replaceAll('""', '"') : keywordOf(token)
}

function keywordOf({ kind, text }: SqlToken): string {
  return kind === 'word' ? text.toLowerCase() : ''
}
