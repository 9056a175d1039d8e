/**
 * Finds statements that leave their session in another state than they found it in. A session of a pool, or the only one of
 * an engine, serves other callers next: one that is in a transaction, or has another role or search path, would give them
 * answers that are not theirs, or lose what was acknowledged.
 */
import { contentOfLiteral } from './literal-content.ts'
import { createsRoutine, splitStatements } from './statement-pieces.ts'
import type { Piece } from './statement-pieces.ts'

/** What such a statement does to its session. */
export type SessionChange =
  | 'transaction'
  | 'copy'
  | 'setting'
  | 'seed'
  | 'reset'
  | 'notifications'
  | 'prepared'
  | 'cursor'
  | 'library'
  | 'lock'
  | 'temporary'
  | 'discard'

/** Texts come again and again, so what was found is kept; the long ones are those that do not. */
const maxKept = 1000
const maxKeptCharacters = 10_000
const changesByText = new Map<string, SessionChange | undefined>()

/**
 * The first change that a text of one or more statements would make. A `do` block in PL/pgSQL is read too; what functions and
 * procedures do inside, and what a text that is put together says, is not seen.
 */
export function findSessionChange(text: string): SessionChange | undefined {
  const kept = changesByText.get(text)
  if (kept !== undefined || changesByText.has(text)) return kept
  const change = isPlain(text) ? undefined : readChange(text)
  if (text.length <= maxKeptCharacters) {
    if (changesByText.size >= maxKept) changesByText.clear()
    changesByText.set(text, change)
  }
  return change
}

const plainHead = /^\s*(?:insert|update|delete|merge|select|with|values|table)\b/i
const suspicion = /;|set_config|setseed|pg_settings|advisory_|temp|u&"/i

/** Spares most queries, of which some are long, being read word by word: they have nothing of what could change a session. */
function isPlain(text: string): boolean {
  return plainHead.test(text) && !suspicion.test(text)
}

function readChange(text: string): SessionChange | undefined {
  for (const statement of splitStatements(text)) {
    const change = changeOfStatement(statement) ?? changeByFunction(statement) ?? changeOfBlock(statement)
    if (change) return change
  }
  return undefined
}

function changeOfStatement(statement: readonly Piece[]): SessionChange | undefined {
  const start = headAt(statement)
  const [head, second = '', third = ''] = statement
    .slice(start, start + 3)
    .map(({ text, isWord }) => (isWord ? text : ''))
  const has = (...words: readonly string[]) =>
    statement.some(({ text, isWord, depth }) => isWord && depth === 0 && words.includes(text))
  switch (head) {
    case 'begin':
    case 'start':
    case 'commit':
    case 'end':
    case 'rollback':
    case 'abort':
    case 'savepoint':
    case 'release':
      return 'transaction'
    case 'prepare':
      return second === 'transaction' ? 'transaction' : 'prepared'
    case 'execute':
    case 'deallocate':
      return 'prepared'
    case 'copy':
      return has('stdin', 'stdout') ? 'copy' : undefined
    case 'set':
      // `set transaction snapshot` and `set constraints` end with the transaction.
      return ['local', 'transaction', 'constraints'].includes(second) && third !== 'characteristics'
        ? undefined
        : 'setting'
    case 'reset':
      return 'reset'
    case 'discard':
      return 'discard'
    case 'listen':
    case 'unlisten':
      return 'notifications'
    case 'declare':
      return holdsCursor(statement) ? 'cursor' : undefined
    case 'load':
      return 'library'
    case 'create':
      return createsTemporary(statement.slice(start)) ? 'temporary' : undefined
    case 'select':
    case 'with':
    case 'values':
      return selectsIntoTemporary(statement) ? 'temporary' : undefined
    default:
      return undefined
  }
}

/** What a statement of PL/pgSQL may stand behind, beside a label. */
const beforeStatement = new Set(['begin', 'then', 'else', 'loop', 'declare'])
/** What follows a value in a `case`, whose column may be called as a statement is. */
const afterValue = new Set(['else', 'end', 'when', 'and', 'or', 'is', 'in', 'not', 'like', 'ilike', 'between', 'at'])
/** What means something else at the head of a statement there, or cannot be there. */
const ownToBlocks = new Set<SessionChange | undefined>(['transaction', 'prepared', 'copy'])

/** What a `do` block would leave. Its transactions it begins and ends by itself, where Postgres lets it. */
function changeOfBlock([head, ...rest]: readonly Piece[]): SessionChange | undefined {
  if (head?.text !== 'do' || !head.isWord) return undefined
  const language = rest[rest.findIndex(({ text }) => text === 'language') + 1]
  if (language && language !== rest[0] && !/^'?plpgsql'?$/i.test(language.text)) return undefined
  const body = rest.find(({ isLiteral }, index) => isLiteral && rest[index - 1]?.text !== 'language')
  for (const [statement, isDeclaration] of body ? splitBlock(contentOfLiteral(body.text)) : []) {
    const [first, second] = statement
    const isStatement =
      !isDeclaration && second && !(second.isWord ? afterValue.has(second.text) : /^[^\w'$]$/.test(second.text))
    const change = isStatement ? changeOfStatement(statement) : undefined
    if (change && !ownToBlocks.has(change)) return change
    const byFunction = changeByFunction(statement)
    if (byFunction) return byFunction
    if (first?.text === 'execute' && second?.isLiteral) {
      const executed = findSessionChange(contentOfLiteral(second.text))
      if (executed) return executed
    }
  }
  return undefined
}

/**
 * The statements of PL/pgSQL, which begin behind a semicolon or behind what begins a block, a branch or a loop; with each,
 * whether it only declares a variable.
 */
function* splitBlock(body: string): Generator<readonly [statement: Piece[], isDeclaration: boolean], void> {
  let isDeclaration = false
  for (const pieces of splitStatements(body)) {
    let start = 0
    for (const [index, { text, isLiteral, depth }] of pieces.entries()) {
      const endsLabel = text === '>' && pieces[index - 1]?.text === '>'
      if (isLiteral || depth > 0 || !(endsLabel || beforeStatement.has(text))) continue
      yield [pieces.slice(start, index), isDeclaration]
      isDeclaration = text === 'declare' || (isDeclaration && text !== 'begin')
      start = index + 1
    }
    yield [pieces.slice(start), isDeclaration]
  }
}

/** Where a statement begins: behind parentheses, and behind an `explain`, which runs it with `analyze`. */
function headAt(statement: readonly Piece[]): number {
  let at = 0
  while (statement[at]?.text === '(') at += 1
  if (statement[at]?.text !== 'explain' || statement[at]?.isWord !== true) return at
  at += 1
  if (statement[at]?.text === '(') {
    const closing = statement.findIndex(({ text, depth }, index) => index > at && text === ')' && depth === 0)
    at = closing < 0 ? statement.length : closing + 1
  }
  while (['analyze', 'analyse', 'verbose'].includes(statement[at]?.text ?? '')) at += 1
  while (statement[at]?.text === '(') at += 1
  return at
}

/** `declare … cursor with hold for …`, where the query behind `for` may have the words too. */
function holdsCursor(statement: readonly Piece[]): boolean {
  const query = statement.findIndex(({ text, isWord }) => isWord && text === 'for')
  const words = statement.slice(0, query < 0 ? statement.length : query)
  return words.some(({ text, isWord }, index) => isWord && text === 'hold' && words[index - 1]?.text === 'with')
}

/** The schema of what is temporary; the second is what it is really called, in one session of many. */
const temporarySchema = /^pg_temp(_\d+)?$/

/** A temporary table that does not go with its transaction; it hides the table of the same name. */
function createsTemporary(statement: readonly Piece[]): boolean {
  const words = statement.map(({ text }) => text)
  const modifiers = new Set([
    'or',
    'replace',
    'global',
    'local',
    'unlogged',
    'recursive',
    'foreign',
    'temp',
    'temporary',
  ])
  const isWordAt = (at: number, word: string) => statement[at]?.isWord === true && words[at] === word
  const kindAt = words.findIndex((word, index) => index > 0 && !(modifiers.has(word) && statement[index]?.isWord))
  const kind = words[kindAt]
  const isTemporary = words.slice(1, kindAt).some((word) => word === 'temp' || word === 'temporary')
  const nameAt = words[kindAt + 1] === 'if' ? kindAt + 4 : kindAt + 1
  const isInTemporarySchema = temporarySchema.test(words[nameAt] ?? '') && words[nameAt + 1] === '.'
  if (!isTemporary && !isInTemporarySchema) return false
  const endsWithTransaction = (_: string, at: number) =>
    statement[at]?.depth === 0 && isWordAt(at, 'on') && isWordAt(at + 1, 'commit') && isWordAt(at + 2, 'drop')
  return !(kind === 'table' && words.some(endsWithTransaction))
}

function selectsIntoTemporary(statement: readonly Piece[]): boolean {
  return statement.some(({ text, isWord }, index) => {
    const next = statement[index + 1]?.text
    const afterNext = statement[index + 2]?.text
    if (!isWord || text !== 'into') return false
    // `insert into temp …` of a `with` is a table of that name.
    if (statement[index - 1]?.text === 'insert' || statement[index - 1]?.text === 'merge') return false
    const kind = next === 'local' || next === 'global' ? afterNext : next
    return kind === 'temp' || kind === 'temporary' || (temporarySchema.test(next ?? '') && afterNext === '.')
  })
}

const sessionLock = /^pg_(try_)?advisory_(un)?lock(_shared|_all)?$/

/** Calls of functions that change the session. */
function changeByFunction(statement: readonly Piece[]): SessionChange | undefined {
  if (createsRoutine(statement)) return undefined
  for (const [index, { text, isLiteral }] of statement.entries()) {
    if (text === 'pg_settings' && !isLiteral && updates(statement, index)) return 'setting'
    if (isLiteral || statement[index + 1]?.text !== '(') continue
    // A function of one's own may have such a name in a schema of one's own.
    if (statement[index - 1]?.text === '.' && statement[index - 2]?.text !== 'pg_catalog') continue
    if (sessionLock.test(text)) return 'lock'
    // Whoever knows the seed foretells the numbers of all who come after.
    if (text === 'setseed') return 'seed'
    if (text === 'set_config' && !isLocal(argumentsAt(statement, index + 1))) return 'setting'
  }
  return undefined
}

/** The arguments between a parenthesis and its counterpart. */
function argumentsAt(statement: readonly Piece[], open: number): Piece[][] {
  const depth = statement[open]?.depth ?? 0
  const found: Piece[][] = [[]]
  for (const piece of statement.slice(open + 1)) {
    if (piece.text === ')' && !piece.isLiteral && piece.depth === depth) break
    if (piece.text === ',' && piece.depth === depth + 1) found.push([])
    else found.at(-1)?.push(piece)
  }
  return found
}

/** An `update` of this view sets what a `set` does; its name may be qualified, and `only` may have it in parentheses. */
function updates(statement: readonly Piece[], index: number): boolean {
  let at = index
  while (statement[at - 1]?.text === '.') at -= 2
  while (['only', '('].includes(statement[at - 1]?.text ?? '')) at -= 1
  return statement[at - 1]?.text === 'update'
}

/** Whether the third argument of `set_config` says, in plain sight, that the setting ends with the transaction. */
function isLocal(given: readonly (readonly Piece[])[]): boolean {
  const named = given.find(
    ([name, first, second]) => name?.text === 'is_local' && ['=>', ':='].includes(`${first?.text}${second?.text}`),
  )
  const [value, ...rest] = named ? named.slice(3) : (given[2] ?? [])
  if (!value) return false
  const isTrue = value.isLiteral ? /^'(t|true)'$/i.test(value.text) : value.isWord && value.text === 'true'
  return isTrue && rest.every(({ text }) => [':', 'bool', 'boolean'].includes(text))
}
