/** The example's editor gives back every line ending it was given. */
import { history, redo, undo } from '@codemirror/commands'
import { EditorState } from '@codemirror/state'
import type { TransactionSpec } from '@codemirror/state'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textWithLineEndings, withLineEndings } from '../../examples/notes/page/editor/line-endings.ts'

const open = (text: string) => {
  const { doc, extension } = withLineEndings(text)
  return EditorState.create({ doc, extensions: [extension, history()] })
}
const change = (state: EditorState, spec: TransactionSpec) => state.update(spec).state
const run = (state: EditorState, command: typeof undo) => {
  let after = state
  command({ state, dispatch: (transaction) => (after = transaction.state) })
  return after
}
const texts = fc
  .array(fc.constantFrom('a', 'é', '👩', '\uFEFF', '\t', ' ', '\u2028', '\r', '\n', '\r\n'))
  .map((parts) => parts.join(''))

test('gives back what it was given', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(textWithLineEndings(open(text))).toBe(text)
    }),
  )
})

test('keeps every other line as it was when one changes', () => {
  const state = open('one\r\ntwo\nthree\rfour\r\n')
  expect(textWithLineEndings(change(state, { changes: { from: 4, insert: 'my ' } }))).toBe(
    'one\r\nmy two\nthree\rfour\r\n',
  )
  expect(textWithLineEndings(change(state, { changes: { from: 3, to: 4 } }))).toBe('onetwo\nthree\rfour\r\n')
})

test('breaks new lines as the document mostly does', () => {
  const state = open('one\r\ntwo\r\nthree\n')
  expect(textWithLineEndings(change(state, { changes: { from: 3, insert: '\nand\n' } }))).toBe(
    'one\r\nand\r\n\r\ntwo\r\nthree\n',
  )
  expect(textWithLineEndings(change(open(''), { changes: { from: 0, insert: 'a\nb' } }))).toBe('a\nb')
})

test('undoes to the same text and redoes to the same text, whatever was edited', () => {
  const edits = fc.array(fc.record({ at: fc.nat(), length: fc.nat(8), insert: texts }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(texts, edits, (text, someEdits) => {
      const first = open(text)
      let state = first
      for (const { at, length, insert } of someEdits) {
        const from = at % (state.doc.length + 1)
        const to = Math.min(state.doc.length, from + length)
        state = change(state, { changes: { from, to, insert: state.toText(insert) }, userEvent: 'input.paste' })
      }
      const edited = textWithLineEndings(state)
      const undone = someEdits.reduce((current) => run(current, undo), state)
      expect(textWithLineEndings(undone)).toBe(text)
      expect(textWithLineEndings(someEdits.reduce((current) => run(current, redo), undone))).toBe(edited)
    }),
  )
})
