/** Reads the text of a stored function: which relations and functions it names where a statement has them. */
import { contentOfLiteral } from '../internal/literal-content.ts'
import { scanSql } from '../internal/scan-sql.ts'
import type { SqlToken } from '../internal/scan-sql.ts'
import { tokensOf } from '../internal/statement-pieces.ts'
import { readStatements } from './read-statements.ts'
import type { FunctionBody } from './read-statements.ts'

/** How deep texts in texts are read. */
const maxDepth = 3

/** Reads a body in `sql` or `plpgsql`; of any other language it tells nothing but that it cannot be read. */
export function readBody(language: string, source: string): FunctionBody {
  if (language !== 'sql' && language !== 'plpgsql') {
    return { relations: [], calls: [], attributes: new Set(), isDynamic: true, notifies: false }
  }
  const body: FunctionBody = { relations: [], calls: [], attributes: new Set(), isDynamic: false, notifies: false }
  readStatements(toPieces(source), body, language === 'plpgsql')
  // With `standard_conforming_strings` off, a backslash moves the end of a text.
  if (body.isDynamic || source.includes(`\\'`)) readTexts(source, body, 1)
  return body
}

/** Reads the texts in a source as if they were statements, put together in the order in which they stand. */
function readTexts(source: string, body: FunctionBody, depth: number): void {
  let joined = ''
  let isAdjacent = false
  for (const { kind, text } of scanSql(source)) {
    if (kind === 'space' || text === '|') continue
    if (kind === 'literal') joined += `${isAdjacent ? '' : ' '}${contentOfLiteral(text)}`
    isAdjacent = kind === 'literal'
  }
  const pieces = toPieces(joined)
  readStatements(pieces, body, true)
  if (pieces.some(({ kind, text }) => kind === 'word' && text === 'notify')) body.notifies = true
  if (depth < maxDepth && joined.includes("'")) readTexts(joined, body, depth + 1)
}

/** Words in small letters and names without quotes, as the catalog has them, and literals as they are. */
function toPieces(source: string): SqlToken[] {
  return Array.from(tokensOf(source), ({ kind, text }) => {
    // Postgres makes small letters of those of ASCII alone.
    if (kind === 'word') return { kind, text: text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) }
    if (kind !== 'name') return { kind, text }
    return { kind, text: text.slice(1, text.endsWith('"') ? -1 : undefined).replaceAll('""', '"') }
  })
}
