/** The preview: off or on by a button, and redrawn a moment after a change. */
import { byId } from '../dom/by-id.ts'
import { renderMarkdown } from './render-markdown.ts'

const delayMs = 150

/** @param text - Gives the Markdown to show; called when it is about to be drawn. */
export function createPreview(text: () => string) {
  const preview = byId('preview', HTMLElement)
  const toggle = byId('toggle-preview', HTMLButtonElement)
  let timer: ReturnType<typeof setTimeout> | undefined

  const draw = () => {
    clearTimeout(timer)
    if (!preview.hidden) preview.replaceChildren(renderMarkdown(text()))
  }

  toggle.addEventListener('click', () => {
    preview.hidden = !preview.hidden
    toggle.setAttribute('aria-pressed', String(!preview.hidden))
    draw()
  })

  return {
    update(): void {
      clearTimeout(timer)
      timer = setTimeout(draw, delayMs)
    },
  }
}
