/** Importing: the pickers, drag-and-drop onto the page, and the panel that shows how far it is. */
import { ownerId } from '../data/owner.ts'
import { explain } from '../data/explain.ts'
import { announce } from '../dom/announce.ts'
import { byId } from '../dom/by-id.ts'
import { act, showNotice } from '../dom/notice.ts'
import { takeDroppedFiles } from '../import/dropped-files.ts'
import { importNotes } from '../import/import-notes.ts'
import type { ImportResult } from '../import/import-notes.ts'
import type { MarkdownSource } from '../import/markdown-source.ts'
import { takePickedFiles } from '../import/picked-files.ts'
import { onFileDrop } from '../import/on-file-drop.ts'

export interface ImportPanelOptions {
  /** The collection to import into; when none is open, a new one of this name. */
  readonly collectionFor: (name: string) => Promise<string>
  readonly onImported: () => void
}

export function startImport({ collectionFor, onImported }: ImportPanelOptions): void {
  const panel = byId('import', HTMLElement)
  const title = byId('import-title', HTMLHeadingElement)
  const bar = byId('import-progress', HTMLProgressElement)
  const text = byId('import-text', HTMLParagraphElement)
  const refusedList = byId('import-refused', HTMLUListElement)
  const cancel = byId('import-cancel', HTMLButtonElement)
  const close = byId('import-close', HTMLButtonElement)
  let running: AbortController | undefined
  let quarter = 0

  const show = ({ imported, refused }: ImportResult, total: number) => {
    bar.value = imported + refused.length
    // Each step would drown everything else that a screen reader has to say.
    if (Math.floor(bar.position * 4) > quarter) announce(`${Math.round(bar.position * 100)} percent imported`)
    quarter = Math.floor(bar.position * 4)
    text.textContent = `${count(imported)} of ${count(total)} imported`
  }

  const run = async (sources: readonly MarkdownSource[]) => {
    const total = sources.length
    if (running || total === 0) {
      showNotice(running ? isRunning : isEmpty)
      return
    }
    running = new AbortController()
    title.textContent = `Importing ${total === 1 ? 'one file' : `${count(total)} files`}`
    refusedList.replaceChildren()
    bar.max = total
    show({ imported: 0, refused: [] }, total)
    panel.hidden = bar.hidden = cancel.hidden = false
    close.hidden = true
    announce(title.textContent)
    let result: ImportResult = { imported: 0, refused: [] }
    try {
      result = await importNotes(sources, {
        collectionId: await collectionFor('Imported'),
        userId: ownerId(),
        signal: running.signal,
        onProgress: (progress) => {
          result = progress
          show(progress, total)
        },
      })
    } catch (error) {
      showNotice(`The import stopped after ${count(result.imported)} of ${count(total)} files. ${explain(error)}`)
    } finally {
      running = undefined
      finish(result, total)
      onImported()
    }
  }

  const finish = ({ imported, refused }: ImportResult, total: number) => {
    title.textContent = `Imported ${count(imported)} of ${count(total)} ${total === 1 ? 'file' : 'files'}`
    text.textContent = refused.length > 0 ? 'The others stay as they are on your disk:' : ''
    refusedList.replaceChildren(...refused.map(refusedElement))
    bar.hidden = cancel.hidden = true
    close.hidden = false
    announce(title.textContent)
  }

  for (const kind of ['files', 'folder']) {
    const picker = byId(`pick-${kind}`, HTMLInputElement)
    byId(`import-${kind}`, HTMLButtonElement).addEventListener('click', () => picker.click())
    picker.addEventListener('change', () => act(() => run(takePickedFiles(picker))))
  }
  onFileDrop((transfer) => act(async () => run(await takeDroppedFiles(transfer))))
  cancel.addEventListener('click', () => running?.abort())
  close.addEventListener('click', () => {
    panel.hidden = true
    // What is hidden cannot keep the focus.
    byId('import-files', HTMLButtonElement).focus()
  })
}

const isRunning = 'An import is running. Wait for it to end, or stop it first.'
const isEmpty = 'There are no Markdown files in what you chose. Their names end in .md or .markdown.'
const count = (value: number) => value.toLocaleString('en')

function refusedElement({ path, reason }: ImportResult['refused'][number]): HTMLLIElement {
  const item = document.createElement('li')
  const name = document.createElement('strong')
  name.textContent = path
  item.append(name, ` ${reason}`)
  return item
}
