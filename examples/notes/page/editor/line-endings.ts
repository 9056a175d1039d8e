/**
 * Keeps every line ending as it was. CodeMirror takes `\r\n`, `\r` and `\n` for the same and forgets which it was, so a
 * field beside the document remembers one ending per line break, through edits and undo.
 */
import { invertedEffects } from '@codemirror/commands'
import { StateEffect, StateField, Text } from '@codemirror/state'
import type { EditorState, Extension, Transaction } from '@codemirror/state'

const lineBreak = /\r\n?|\n/

interface LineEndings {
  /** The ending of line n (from 0) at index n; the last line has none. */
  readonly perLine: readonly string[]
  /** What a new line break gets: the document's most frequent ending. */
  readonly usual: string
}

/** The document for an editor's state, and the extension that remembers its line endings. */
export function withLineEndings(text: string): { doc: Text; extension: Extension } {
  const perLine = text.match(new RegExp(lineBreak, 'g')) ?? []
  const initial = { perLine, usual: mostFrequent(perLine) }
  return {
    doc: Text.of(text.split(lineBreak)),
    extension: [endingsField.init(() => initial), undoesEndings],
  }
}

/** The text as it is to be stored, with its own line endings. */
export function textWithLineEndings(state: EditorState): string {
  const { perLine } = state.field(endingsField)
  const parts: string[] = []
  let line = 0
  for (const content of state.doc.iterLines()) parts.push(content, perLine[line++] ?? '')
  return parts.join('')
}

const restoreEndings = StateEffect.define<LineEndings>()

const endingsField = StateField.define<LineEndings>({
  create: () => ({ perLine: [], usual: '\n' }),
  update(endings, transaction) {
    if (!transaction.docChanged) return endings
    for (const effect of transaction.effects) {
      if (effect.is(restoreEndings) && effect.value.perLine.length === transaction.newDoc.lines - 1) return effect.value
    }
    return afterChanges(endings, transaction)
  },
})

/** Undo brings back text, and with it the endings that the text had. */
const undoesEndings = invertedEffects.of(({ startState, state }) => {
  const before = startState.field(endingsField)
  return before === state.field(endingsField) ? [] : [restoreEndings.of(before)]
})

function afterChanges(endings: LineEndings, { changes, startState }: Transaction): LineEndings {
  const { usual } = endings
  let perLine: string[] | undefined
  let shift = 0
  changes.iterChanges((from, to, _fromNew, _toNew, inserted) => {
    const first = startState.doc.lineAt(from).number - 1
    const removed = startState.doc.lineAt(to).number - 1 - first
    const added = inserted.lines - 1
    if (removed === 0 && added === 0) return
    perLine ??= [...endings.perLine]
    // Not splice(…, ...added): a pasted book has more lines than a call may have arguments.
    const after = perLine.slice(first + shift + removed)
    perLine = perLine.slice(0, first + shift).concat(
      Array.from({ length: added }, () => usual),
      after,
    )
    shift += added - removed
  })
  return perLine ? { perLine, usual } : endings
}

function mostFrequent(perLine: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const ending of perLine) counts.set(ending, (counts.get(ending) ?? 0) + 1)
  let usual = '\n'
  for (const [ending, count] of counts) if (count > (counts.get(usual) ?? 0)) usual = ending
  return usual
}
