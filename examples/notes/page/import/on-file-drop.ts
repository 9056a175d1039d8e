/** Lets files be dropped anywhere on the page, and shows that they can be. */
import { byId } from '../dom/by-id.ts'

export function onFileDrop(listener: (transfer: DataTransfer) => void): void {
  const hint = byId('drop-hint', HTMLDivElement)
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false

  addEventListener('dragover', (event) => {
    // Without this a browser opens a dropped file in place of the page.
    if (!hasFiles(event)) return
    event.preventDefault()
    hint.hidden = false
  })
  addEventListener('dragleave', (event) => {
    // Leaving one element for another is not leaving the page.
    if (event.relatedTarget === null) hint.hidden = true
  })
  // On the way down, so that the editor does not take the file for text to insert.
  addEventListener(
    'drop',
    (event) => {
      hint.hidden = true
      if (!hasFiles(event) || !event.dataTransfer) return
      event.preventDefault()
      event.stopPropagation()
      listener(event.dataTransfer)
    },
    { capture: true },
  )
}
