/** Asks before something is deleted for good. */
import { byId } from './by-id.ts'

const dialog = byId('confirm', HTMLDialogElement)
const title = byId('confirm-title', HTMLHeadingElement)
const text = byId('confirm-text', HTMLParagraphElement)

/** Escape means no; the focus returns to where it was, which `<dialog>` takes care of. */
export function confirmDeletion(question: string, consequence: string): Promise<boolean> {
  title.textContent = question
  text.textContent = consequence
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true })
  })
}
