/** Takes a text apart into statements, and those into words, names and literals. */
import { contentOfLiteral, decodeName } from './literal-content.ts'
import { scanSql } from './scan-sql.ts'
import type { SqlToken } from './scan-sql.ts'

/** The words of a statement as they are compared: small letters, names without their quotes, literals as they are. */
export interface Piece {
  readonly text: string
  readonly isWord: boolean
  readonly isLiteral: boolean
  /** How many parentheses are open around it. */
  readonly depth: number
}

/** Splits at semicolons, but not inside of parentheses and of the body of a function that is written in SQL. */
export function* splitStatements(text: string): Generator<Piece[], void> {
  let pieces: Piece[] = []
  let depth = 0
  /** How many `begin atomic` and `case` wait for their `end`. */
  let bodies = 0
  for (const token of tokensOf(text)) {
    if (token.text === ';' && depth <= 0 && bodies === 0) {
      yield pieces
      pieces = []
      depth = 0
      continue
    }
    if (token.text === ')') depth -= 1
    const piece = toPiece(token, depth)
    if (token.text === '(') depth += 1
    if (piece.isWord && createsRoutine(pieces)) {
      if (piece.text === 'atomic' && pieces.at(-1)?.text === 'begin') bodies += 1
      else if (bodies > 0 && piece.text === 'case') bodies += 1
      else if (bodies > 0 && piece.text === 'end') bodies -= 1
    }
    pieces.push(piece)
  }
  yield pieces
}

/** What is not white space. A name in `U&"…"` is the one that it stands for, with an `uescape` behind it or without. */
export function* tokensOf(text: string): Generator<SqlToken, void> {
  const tokens = [...scanSql(text)].filter(({ kind }) => kind !== 'space')
  let skipped = 0
  for (const [index, token] of tokens.entries()) {
    if (skipped > 0) skipped -= 1
    else if (token.kind !== 'name' || token.text.startsWith('"')) yield token
    else {
      const [next, escape] = tokens.slice(index + 1, index + 3)
      const isEscaped = next?.text.toLowerCase() === 'uescape' && escape?.kind === 'literal'
      if (isEscaped) skipped = 2
      const name = decodeName(token.text, isEscaped ? contentOfLiteral(escape.text) : undefined)
      yield { kind: 'name', text: `"${name}"` }
    }
  }
}

function toPiece({ kind, text }: SqlToken, depth: number): Piece {
  const isWord = kind === 'word'
  const isLiteral = kind === 'literal'
  // A name that looks like a symbol keeps its quotes, which tell it from one.
  if (kind === 'name') return { text: text.length > 3 ? text.slice(1, -1) : text, isWord, isLiteral, depth }
  return { text: isLiteral ? text : text.toLowerCase(), isWord, isLiteral, depth }
}

/** Whether a statement makes a function or a procedure. What it is made of runs when it is called, where it is not seen. */
export function createsRoutine(statement: readonly Piece[]): boolean {
  if (statement[0]?.text !== 'create') return false
  const [head, ...rest] = statement.slice(0, 4).map(({ text, isWord }) => (isWord ? text : ''))
  const kind = rest[0] === 'or' && rest[1] === 'replace' ? rest[2] : rest[0]
  return head === 'create' && (kind === 'function' || kind === 'procedure')
}
