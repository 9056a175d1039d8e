/** Markdown as elements that are safe to show: other people's documents are in here too. */
import DOMPurify from 'dompurify'
import { marked } from 'marked'

export function renderMarkdown(text: string): DocumentFragment {
  const html = marked.parse(text, { async: false, gfm: true })
  const fragment = DOMPurify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    FORBID_TAGS: ['style', 'form', 'button', 'select', 'textarea', 'audio', 'video'],
    // Names and classes of a document must not meet those of the page.
    FORBID_ATTR: ['class', 'id', 'name', 'style'],
    // Neither `#part` nor `./other.md` leads anywhere from here, so only whole addresses stay links.
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  })
  for (const link of fragment.querySelectorAll('a[href]')) {
    link.setAttribute('target', '_blank')
    link.setAttribute('rel', 'noopener noreferrer')
  }
  for (const image of fragment.querySelectorAll('img')) image.loading = 'lazy'
  return fragment
}
