/** What shows until the database is open: that it opens, that another tab has it, or why it cannot be opened. */
import { isTypystDbError } from '@typyst/db'
import { explain } from '../data/explain.ts'
import { byId } from '../dom/by-id.ts'
import { act } from '../dom/notice.ts'

const gate = byId('gate', HTMLElement)
const title = byId('gate-title', HTMLHeadingElement)
const text = byId('gate-text', HTMLParagraphElement)
const retry = byId('gate-retry', HTMLButtonElement)
const workspace = byId('workspace', HTMLElement)

/**
 * @param open - Opens the database; called again for each try.
 * @param enter - Called once, when it is open.
 */
export function openThroughGate(open: () => Promise<void>, enter: () => Promise<void>): void {
  let isTrying = false
  let isOpen = false

  const attempt = async () => {
    if (isTrying || isOpen) return
    isTrying = true
    retry.disabled = true
    try {
      await open()
      isOpen = true
      gate.hidden = true
      workspace.hidden = false
      await enter()
    } catch (error) {
      if (isOpen) throw error
      showFailure(error)
    } finally {
      isTrying = false
      retry.disabled = false
    }
  }

  retry.addEventListener('click', () => act(attempt))
  // Whoever comes back to this tab has probably just closed the other one.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') act(attempt)
  })
  act(attempt)
}

function showFailure(error: unknown): void {
  const isInUse = isTypystDbError(error) && error.code === 'DATABASE_IN_USE'
  title.textContent = isInUse ? 'Your notes are open in another tab' : 'Your notes cannot be opened'
  text.textContent = isInUse
    ? 'Only one tab at a time can write to them. Go to that tab, or close it and try again here.'
    : explain(error)
  const isFirstFailure = retry.hidden
  retry.hidden = false
  // The heading is read out and the button is one Tab away; later tries leave the focus where it is.
  if (isFirstFailure) title.focus()
}
