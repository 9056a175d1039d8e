/** CodeMirror for Markdown, set up so that what it gives back is what it was given. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { markdown } from '@codemirror/lang-markdown'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import { highlighting } from './highlighting.ts'
import { textWithLineEndings, withLineEndings } from './line-endings.ts'

export interface Editor {
  /** Shows another text, with an undo history of its own. */
  show(text: string): void
  /** Shows a newer version of the text, and keeps the place in it. */
  follow(text: string): void
  /** The text as it is to be stored. */
  text(): string
  focus(): void
}

/** @param onEdit - Called after each change a person made; never for {@link Editor.show} and {@link Editor.follow}. */
export function createEditor(parent: HTMLElement, onEdit: () => void): Editor {
  const stateOf = (text: string) => {
    const { doc, extension } = withLineEndings(text)
    return EditorState.create({
      doc,
      extensions: [
        extension,
        EditorView.cspNonce.of(document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? ''),
        history(),
        // No Tab key here: it moves the focus on, or keyboard users could not leave.
        keymap.of([...defaultKeymap, ...historyKeymap]),
        markdown(),
        highlighting,
        placeholder('Write in Markdown …'),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'Text of the note', spellcheck: 'true' }),
        // Postgres cannot store this one character.
        EditorView.clipboardInputFilter.of((pasted) => pasted.replaceAll('\0', '')),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onEdit()
        }),
      ],
    })
  }
  const view = new EditorView({ parent, state: stateOf('') })
  return {
    // A new state is not an update, so showing a text is never taken for an edit.
    show: (text) => view.setState(stateOf(text)),
    follow(text) {
      const { head } = view.state.selection.main
      view.setState(stateOf(text))
      view.dispatch({ selection: { anchor: Math.min(head, view.state.doc.length) } })
    },
    text: () => textWithLineEndings(view.state),
    focus: () => view.focus(),
  }
}
