/** The list of collections, and the form that adds one. */
import type { CollectionSummary } from '../data/collections.ts'
import { byId } from '../dom/by-id.ts'
import { createListBox } from '../dom/list-box.ts'

export interface CollectionsPaneActions {
  open(id: string): void
  rename(id: string): void
  delete(id: string): void
  add(name: string): void
  exportAll(): void
}

export function createCollectionsPane(actions: CollectionsPaneActions) {
  const list = createListBox(byId('collection-list', HTMLUListElement), actions)
  const empty = byId('collections-empty', HTMLParagraphElement)
  const newName = byId('new-collection-name', HTMLInputElement)

  byId('new-collection', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    const name = newName.value.trim()
    newName.value = ''
    if (name === '') newName.focus()
    else actions.add(name)
  })
  byId('export', HTMLButtonElement).addEventListener('click', () => actions.exportAll())

  return {
    show(collections: readonly CollectionSummary[], currentId: string | undefined): void {
      empty.hidden = collections.length > 0
      list.show(
        collections.map(({ id, name, entryCount }) => ({ id, label: name, detail: entryCount.toLocaleString('en') })),
        currentId,
      )
    },
    focus: (): void => {
      // The list cannot take the focus when it is empty.
      if (!list.focus()) newName.focus()
    },
  }
}
