/** Finds what statements name: relations where they have them, and functions that they call. */
import type { SqlToken } from '../internal/scan-sql.ts'

/** A name as the catalog has it, with its schema where it is written. */
export interface CatalogName {
  readonly schema: string | undefined
  readonly name: string
}

/** A relation that a statement names. */
export interface NamedRelation extends CatalogName {
  /** Whether it gets rows or values, loses rows, or neither. */
  readonly use: 'fill' | 'empty' | 'read'
  /** Whether it stands where only a relation can stand; otherwise it is one if the catalog has it in just that schema. */
  readonly isCertain: boolean
}

/** What a function does by itself, which each reading adds to. */
export interface FunctionBody {
  readonly relations: NamedRelation[]
  readonly calls: CatalogName[]
  /** Names behind a point, which may be calls as well: `row.name` is `name(row)`. */
  readonly attributes: Set<string>
  /** Whether it runs statements that it puts together, or is in a language that is not read. */
  isDynamic: boolean
  /** Whether it hands what it is given to `pg_notify`, or may. */
  notifies: boolean
}

/** Functions that run a text, some of them of extensions. */
const runsText =
  /^(?:(?:query|table|schema|database|cursor)_to_xml|ts_stat$|ts_rewrite$|dblink|crosstab|connectby$|pgr_|schedule(?:_in_database)?$)/

/** Statements that define something; every name in them is one of the catalog. */
const definingHeads = new Set(['create', 'alter', 'drop', 'grant', 'revoke', 'comment', 'refresh', 'security'])
/** Before a relation in such a statement. */
const definingOpeners = new Set('on view exists concurrently references inherits inherit like partition of'.split(' '))
/** Words that no alias can be and that end a list of relations. */
const closers = new Set(
  'where group order having limit offset fetch for union intersect except window returning select'.split(' '),
)
const listHeads = new Set(['truncate', 'lock', 'drop', 'grant', 'revoke'])
/** Words of PL/pgSQL after which a statement begins. */
const blockWords = new Set(['begin', 'else', 'loop', 'declare', 'exception', 'then', 'atomic'])
const loopHeads = new Set(['for', 'foreach', 'while'])
const conditionHeads = new Set(['if', 'elsif', 'elseif', 'when'])
/** Functions of the grammar whose `from` is no clause. */
const fromArguments = new Set(['extract', 'substring', 'trim', 'overlay', 'position'])
const fillingOpeners = new Set(['into', 'update', 'copy'])
const emptyingOpeners = new Set(['delete', 'truncate'])
/** Openers after whose relation a list of columns may stand. */
const columnsFollow = new Set(['into', 'copy', 'references'])

type Piece = SqlToken

/** What is known at one depth of parentheses. */
interface Level {
  /** Whether a relation comes next. */
  expects: boolean
  /** Whether one comes after each comma. */
  lists: boolean
  opener: string
  /** What may be the columns of `join … using (…)`. */
  readonly isAfterUsing: boolean
  /** The word before the parenthesis. */
  readonly before: string
  hasSelect: boolean
}

/**
 * Adds what statements name to a body.
 *
 * @param pieces - Words in small letters, names without quotes, literals as they are, and nothing between them.
 * @param isProcedural - Whether the statements may be those of PL/pgSQL.
 */
export function readStatements(pieces: readonly Piece[], body: FunctionBody, isProcedural: boolean): void {
  const at = (index: number): Piece => pieces[index] ?? { kind: 'space', text: '' }
  const isWord = (index: number, ...words: readonly string[]) =>
    at(index).kind === 'word' && words.includes(at(index).text)
  let head = ''
  let hasExecute = false
  let level = newLevel()
  let outer: Level[] = []
  const restart = () => {
    head = ''
    hasExecute = false
    level = newLevel()
    outer = []
  }

  for (let index = 0; index < pieces.length; index += 1) {
    const { kind, text } = at(index)
    if (kind === 'literal') {
      level.expects = false
      continue
    }
    if (kind === 'symbol') {
      if (text === ';') restart()
      else if (text === '(') {
        outer.push(level)
        const isInherits = isWord(index - 1, 'inherits')
        const inner = newLevel({
          expects: level.expects && !isWord(index - 1, 'table'),
          lists: isInherits,
          opener: level.opener,
          isAfterUsing: level.opener === 'using',
          before: at(index - 1).kind === 'word' ? at(index - 1).text : '',
        })
        level.expects = false
        level = inner
      } else if (text === ')') {
        level = outer.pop() ?? newLevel()
        level.expects = false
      } else if (text === ',') {
        level.expects = level.lists
        if (level.opener === 'update') level.opener = 'from'
      } else if (text !== '.') level.expects = false
      continue
    }
    const isLabel = isAfterPoint(pieces, index) || isLabelWord(pieces, index)
    if (kind === 'word' && !isLabel) {
      if (head === '' || blockWords.has(head)) head = text
      if (isProcedural && text === 'loop' && loopHeads.has(head)) restart()
      else if (isProcedural && text === 'then' && conditionHeads.has(head)) restart()
      else {
        if (text === 'execute' && runsStatement(pieces, index)) {
          hasExecute = true
          body.isDynamic = true
        }
        if (text === 'do' && head === 'do') body.isDynamic = true
        // A body in a body; a trigger that is created only names its function.
        if (head === 'create' && ['function', 'procedure'].includes(text) && !isWord(index - 1, 'execute')) {
          body.isDynamic = true
        }
        if (text === 'select') level.hasSelect = true
        openOrClose(index, text)
      }
    }
    index = readPath(index)
  }

  /** What a word does to what is expected. */
  function openOrClose(index: number, word: string): void {
    const open = (lists: boolean, opener = word) => Object.assign(level, { expects: true, lists, opener })
    if (word === 'from') {
      const isDistinct =
        isWord(index - 1, 'distinct') &&
        (isWord(index - 2, 'is') || (isWord(index - 2, 'not') && isWord(index - 3, 'is')))
      if (!isDistinct && (level.hasSelect || !fromArguments.has(level.before))) {
        open(true, isWord(index - 1, 'delete') ? 'delete' : 'from')
      }
    } else if (word === 'join') open(level.lists)
    else if (word === 'into') {
      Object.assign(level, { expects: isWord(index - 1, 'insert', 'merge'), lists: false, opener: 'into' })
    } else if (word === 'update') open(level.lists)
    else if (word === 'using') {
      if (!hasExecute) open(level.lists)
    } else if (word === 'table') open(level.lists || listHeads.has(head))
    else if (['truncate', 'lock', 'copy'].includes(word) && head === word) open(listHeads.has(word))
    else if (word === 'only') level.expects = true
    else if (definingHeads.has(head) && definingOpeners.has(word)) open(listHeads.has(head))
    else if (word === 'set' && level.opener === 'update') Object.assign(level, { expects: false, lists: false })
    else if (closers.has(word)) Object.assign(level, { expects: false, lists: false })
  }

  /** Reads the name that begins here, with its schema; gives the index of its last piece. */
  function readPath(start: number): number {
    const parts = [at(start).text]
    let end = start
    while (at(end + 1).text === '.' && at(end + 1).kind === 'symbol' && isNamePiece(at(end + 2))) {
      end += 2
      parts.push(at(end).text)
    }
    const next = at(end + 1)
    const isFollowedBy = (symbol: string) => next.kind === 'symbol' && next.text === symbol
    const hasPoint = isAfterPoint(pieces, start)
    if (parts.length === 1 && !hasPoint && at(start).kind === 'word' && passesOn.has(parts[0] ?? '')) return end
    const named = { schema: parts.at(-2), name: parts.at(-1) ?? '' }
    const isCall = isFollowedBy('(') && !(level.expects && columnsFollow.has(level.opener))
    if (isCall) {
      body.calls.push(named)
      readCall(named.name, end + 1)
    } else if (level.expects && !isColumn(isFollowedBy)) {
      // `user` without quotes or a schema is a value.
      if (parts.length > 1 || at(start).kind === 'name' || named.name !== 'user') {
        body.relations.push({ ...named, use: useAfter(level.opener), isCertain: true })
      }
    } else if (parts.length > 1 && !isFollowedBy('%') && !isCast(start)) {
      for (let part = 1; part < parts.length; part += 1) {
        const name = { schema: parts[part - 1], name: parts[part] ?? '' }
        body.relations.push({ ...name, use: 'read', isCertain: false })
      }
    }
    if (!isCall) for (const part of hasPoint ? parts : parts.slice(1)) body.attributes.add(part)
    level.expects = false
    return end
  }

  function isColumn(isFollowedBy: (symbol: string) => boolean): boolean {
    return level.isAfterUsing && level.opener === 'using' && (isFollowedBy(',') || isFollowedBy(')'))
  }

  function isCast(start: number): boolean {
    return at(start - 1).text === ':' && at(start - 2).text === ':'
  }

  function readCall(name: string, open: number): void {
    if (runsText.test(name)) body.isDynamic = true
    if (name === 'pg_notify' && !isConstant(open)) body.notifies = true
  }

  /** Whether the arguments behind this parenthesis tell nothing of a row. */
  function isConstant(open: number): boolean {
    let depth = 0
    for (let index = open; index < pieces.length; index += 1) {
      const { kind, text } = at(index)
      if (text === '(') depth += 1
      if (text === ')' && kind === 'symbol') depth -= 1
      if (depth === 0) return true
      if (kind === 'name' || (kind === 'word' && !/^(?:tg_\w+|text|null)$/.test(text)) || text === '$') return false
      if (kind === 'symbol' && /^\$\d/.test(text)) return false
    }
    return false
  }
}

/** Words between what announces a relation and the relation. */
const passesOn = new Set([
  ...'from join into update using table truncate lock copy only lateral if not all verbose concurrently'.split(' '),
  ...definingOpeners,
])

function useAfter(opener: string): NamedRelation['use'] {
  if (fillingOpeners.has(opener)) return 'fill'
  return emptyingOpeners.has(opener) ? 'empty' : 'read'
}

function newLevel(known: Partial<Level> = {}): Level {
  return { expects: false, lists: false, opener: '', isAfterUsing: false, before: '', hasSelect: false, ...known }
}

function isNamePiece({ kind }: Piece): boolean {
  return kind === 'word' || kind === 'name'
}

function isAfterPoint(pieces: readonly Piece[], index: number): boolean {
  return pieces[index - 1]?.kind === 'symbol' && pieces[index - 1]?.text === '.'
}

/** What can begin a statement behind `as`; any other word is a label there. */
const statementWords = new Set(['select', 'table', 'with', 'values', 'update', 'execute', 'on'])

function isLabelWord(pieces: readonly Piece[], index: number): boolean {
  const before = pieces[index - 1]
  const word = pieces[index]?.text ?? ''
  return before?.kind === 'word' && before.text === 'as' && !statementWords.has(word)
}

/** Not so where `execute` is a right, or says what a trigger runs. */
function runsStatement(pieces: readonly Piece[], index: number): boolean {
  const next = pieces[index + 1]
  if (next?.kind !== 'word') return true
  if (next.text === 'on') return false
  if (next.text !== 'function' && next.text !== 'procedure') return true
  const after = pieces[index + 2]
  return after === undefined || !isNamePiece(after)
}
