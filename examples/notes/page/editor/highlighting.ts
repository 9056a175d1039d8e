/** Markdown in the editor looks like what it means; the colours are the page's. */
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { tags } from '@lezer/highlight'

const styles = HighlightStyle.define([
  { tag: tags.heading, fontWeight: '650' },
  { tag: tags.heading1, fontSize: '1.35em', fontWeight: '650' },
  { tag: tags.heading2, fontSize: '1.18em', fontWeight: '650' },
  { tag: tags.strong, fontWeight: '650' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: [tags.link, tags.url], color: 'var(--accent)' },
  { tag: tags.monospace, fontFamily: 'var(--mono)', color: 'var(--code)' },
  { tag: tags.quote, color: 'var(--quiet)' },
  { tag: tags.processingInstruction, color: 'var(--quiet)', fontWeight: '400' },
])

export const highlighting = syntaxHighlighting(styles)
