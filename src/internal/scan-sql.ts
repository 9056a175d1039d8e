/** Splits a statement into its words, names, literals and symbols, so that nobody has to guess what is a value. */

/** What a piece of a statement is. White space and comments are `space`; a number or any kind of string is a `literal`. */
export type SqlTokenKind = 'word' | 'name' | 'literal' | 'space' | 'symbol'

/** One piece of a statement, as it was written. */
export interface SqlToken {
  readonly kind: SqlTokenKind
  readonly text: string
}

/**
 * Reads Postgres' lexical rules and no grammar. A literal or comment without an end reaches to the end of the text, so that
 * a part of it is never taken for something else.
 */
export function* scanSql(text: string): Generator<SqlToken, void> {
  for (let start = 0; start < text.length;) {
    const [kind, end] = readToken(text, start)
    yield { kind, text: text.slice(start, end) }
    start = end
  }
}

function readToken(text: string, start: number): readonly [kind: SqlTokenKind, end: number] {
  const first = text.charAt(start)
  const pair = text.slice(start, start + 2)
  if (isSpace(first)) return ['space', skipWhile(text, start, isSpace)]
  if (pair === '--') return ['space', skipWhile(text, start, (character) => !isNewline(character))]
  if (pair === '/*') return ['space', endOfComment(text, start)]
  if (first === "'") return ['literal', endOfQuoted(text, start, "'", false)]
  if (first === '"') return ['name', endOfQuoted(text, start, '"', false)]
  if (first === '$') return readDollar(text, start)
  if (isDigit(first) || (first === '.' && isDigit(text.charAt(start + 1)))) return ['literal', endOfNumber(text, start)]
  return isWordStart(first) ? readWord(text, start) : ['symbol', start + 1]
}

/** A word, or what begins like one: `E'…'` with backslashes, `B'…'`, `X'…'`, `N'…'`, and `U&'…'`, `U&"…"`. */
function readWord(text: string, start: number): readonly [kind: SqlTokenKind, end: number] {
  const end = skipWhile(text, start, isWordPart)
  const word = text.slice(start, end).toLowerCase()
  const prefixed = word === 'u' && text.charAt(end) === '&' ? end + 1 : end
  const quote = text.charAt(prefixed)
  if (quote === "'" && (prefixed > end || ['e', 'b', 'x', 'n'].includes(word))) {
    return ['literal', endOfQuoted(text, prefixed, "'", word === 'e')]
  }
  if (quote === '"' && prefixed > end) return ['name', endOfQuoted(text, prefixed, '"', false)]
  return ['word', end]
}

/** `$1` is a parameter; `$$…$$` and `$tag$…$tag$` are strings. */
function readDollar(text: string, start: number): readonly [kind: SqlTokenKind, end: number] {
  if (isDigit(text.charAt(start + 1))) return ['symbol', skipWhile(text, start + 1, isDigit)]
  const tagEnd = skipWhile(text, start + 1, (character) => isWordPart(character) && character !== '$')
  if (text.charAt(tagEnd) !== '$') return ['symbol', start + 1]
  const tag = text.slice(start, tagEnd + 1)
  const closing = text.indexOf(tag, tagEnd + 1)
  return ['literal', closing < 0 ? text.length : closing + tag.length]
}

function endOfQuoted(text: string, start: number, quote: string, hasBackslashes: boolean): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (hasBackslashes && character === '\\') at += 1
    else if (character === quote) {
      if (text.charAt(at + 1) === quote) at += 1
      else {
        const next = quote === "'" ? continuationOf(text, at + 1) : undefined
        if (next === undefined) return at + 1
        at = next
      }
    }
  }
  return text.length
}

/** Where a text goes on that ends at the end of a line: the quote on a later line. Backslashes mean there what they did. */
function continuationOf(text: string, end: number): number | undefined {
  let at = end
  let hasNewline = false
  for (;;) {
    const spaceEnd = skipWhile(text, at, isSpace)
    hasNewline ||= /[\r\n]/.test(text.slice(at, spaceEnd))
    at = spaceEnd
    // Comments are allowed there once the line has ended.
    if (!hasNewline || !text.startsWith('--', at)) break
    at = skipWhile(text, at, (character) => !isNewline(character))
  }
  return hasNewline && text.charAt(at) === "'" ? at : undefined
}

/** Comments of Postgres nest. */
function endOfComment(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const pair = text.slice(at, at + 2)
    if (pair !== '/*' && pair !== '*/') continue
    depth += pair === '/*' ? 1 : -1
    at += 1
    if (depth === 0) return at + 1
  }
  return text.length
}

/** Digits with everything that may be among them: a point, an exponent with its sign, `0xff`, `1_000`. */
function endOfNumber(text: string, start: number): number {
  const end = skipWhile(text, start, (character) => isWordPart(character) || character === '.')
  const hasExponent = 'eE'.includes(text.charAt(end - 1)) && '+-'.includes(text.charAt(end)) && end < text.length
  return hasExponent && isDigit(text.charAt(end + 1)) ? skipWhile(text, end + 1, isDigit) : end
}

function skipWhile(text: string, start: number, isPart: (character: string) => boolean): number {
  let end = start
  while (end < text.length && isPart(text.charAt(end))) end += 1
  return end
}

function isSpace(character: string): boolean {
  // A vertical tab since version 16.
  return character === ' ' || isNewline(character) || character === '\t' || character === '\f' || character === '\v'
}

function isNewline(character: string): boolean {
  return character === '\n' || character === '\r'
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9'
}

function isWordStart(character: string): boolean {
  const lower = character.toLowerCase()
  return (lower >= 'a' && lower <= 'z') || character === '_' || character >= '\u0080'
}

function isWordPart(character: string): boolean {
  return isWordStart(character) || isDigit(character) || character === '$'
}
