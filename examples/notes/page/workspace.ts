/** What is open, and what happens when someone opens, adds, renames or deletes something. */
import { createCollection, deleteCollection, listCollections, renameCollection } from './data/collections.ts'
import type { CollectionSummary } from './data/collections.ts'
import { onChanges } from './data/changes.ts'
import { createEntry, deleteEntry, listEntries, readEntry, renameEntry } from './data/entries.ts'
import type { EntrySummary } from './data/entries.ts'
import { download, exportNotes } from './data/export-notes.ts'
import { changeOwner, ownerId } from './data/owner.ts'
import { onUserChange } from './data/session.ts'
import { announce } from './dom/announce.ts'
import { confirmDeletion } from './dom/confirm-deletion.ts'
import { inOrder } from './dom/in-order.ts'
import { act } from './dom/notice.ts'
import { createCollectionsPane } from './views/collections-pane.ts'
import { createEntriesPane } from './views/entries-pane.ts'
import { startImport } from './views/import-panel.ts'
import { createNotePane } from './views/note-pane.ts'
import { showPane } from './views/show-pane.ts'

/** Does what someone asked for, in its turn; a failure becomes a notice. */
const run = (action: () => Promise<unknown>) => act(() => inOrder(action))

export async function startWorkspace(): Promise<void> {
  let collections: readonly CollectionSummary[] = []
  let entries: readonly EntrySummary[] = []
  let collectionId: string | undefined
  let entryId: string | undefined

  const collectionsPane = createCollectionsPane({
    open: (id) => run(() => openCollection(id)),
    rename: (id) => run(() => openCollection(id).then(entriesPane.editName)),
    delete: (id) => run(() => removeCollection(id)),
    add: (name) => run(() => addCollection(name)),
    exportAll: () => run(exportAll),
  })
  const entriesPane = createEntriesPane({
    open: (id, by) => run(() => openEntry(id).then(() => by === 'keyboard' && notePane.focusText())),
    rename: (id) => run(() => openEntry(id).then(notePane.editTitle)),
    delete: (id) => run(() => removeEntry(id)),
    add: () => run(addEntry),
    renameCollection: (id, name) => run(() => renameCollection(id, name).then(refresh)),
    deleteCollection: (id) => run(() => removeCollection(id)),
    back: () => showPane('collections', collectionsPane.focus),
  })
  const notePane = createNotePane({
    rename: (id, title) => run(() => renameEntry(id, title).then(refresh)),
    delete: (id) => run(() => removeEntry(id)),
    back: () => showPane('entries', entriesPane.focus),
  })
  startImport({
    collectionFor: async (name) => {
      if (collectionId === undefined) await inOrder(() => addCollection(name))
      if (collectionId === undefined) throw new Error('A collection that was just added is not open.')
      return collectionId
    },
    onImported: () => run(refresh),
  })

  /** Reads both lists anew; what is open stays open. */
  async function refresh(): Promise<void> {
    collections = await listCollections()
    entries = collectionId === undefined ? [] : await listEntries(collectionId)
    collectionsPane.show(collections, collectionId)
    entriesPane.show(
      collections.find(({ id }) => id === collectionId),
      entries,
      entryId,
    )
  }

  /** Shows what another window changed. */
  async function follow(): Promise<void> {
    await refresh()
    if (entryId === undefined) return
    const row = await readEntry(entryId)
    if (row) notePane.follow(row)
    else {
      notePane.discard()
      entryId = undefined
      await refresh()
    }
  }

  /** Shows the notes of who signed in, or what is nobody's; what is open stays open when it still is theirs. */
  async function showNotesOf(userId: string | null): Promise<void> {
    if (userId === ownerId()) return
    await notePane.flush()
    await changeOwner(userId)
    collections = await listCollections()
    if (collections.some(({ id }) => id === collectionId)) await refresh()
    else await openCollection(collections[0]?.id)
  }

  async function openCollection(id: string | undefined): Promise<void> {
    if (id === undefined || id !== collectionId) {
      await notePane.close()
      collectionId = id
      entryId = undefined
      await refresh()
    }
    showPane(id === undefined ? 'collections' : 'entries')
  }

  async function addCollection(name: string): Promise<void> {
    await openCollection(await createCollection(name))
  }

  async function removeCollection(id: string): Promise<void> {
    const chosen = collections.find((collection) => collection.id === id)
    if (!chosen) return
    const { name, entryCount } = chosen
    const notes = entryCount === 1 ? 'Its one note is' : `Its ${entryCount.toLocaleString('en')} notes are`
    const consequence = entryCount === 0 ? 'It holds no notes.' : `${notes} deleted with it. This cannot be undone.`
    if (!(await confirmDeletion(`Delete the collection “${name}”?`, consequence))) return
    if (id === collectionId) notePane.discard()
    await deleteCollection(id)
    const next = id === collectionId ? collections.find((collection) => collection.id !== id)?.id : collectionId
    if (next === collectionId) await refresh()
    else await openCollection(next)
    showPane('collections', collectionsPane.focus)
    announce(`Deleted the collection ${name}.`)
  }

  async function openEntry(id: string): Promise<void> {
    if (id !== entryId) {
      await notePane.close()
      const row = await readEntry(id)
      entryId = row?.id
      if (row) notePane.open(row)
      else await refresh()
      entriesPane.setCurrent(entryId)
    }
    if (entryId !== undefined) showPane('note')
  }

  async function addEntry(): Promise<void> {
    if (collectionId === undefined) return
    const id = await createEntry({ title: 'Untitled', content: '', collectionId, userId: ownerId() })
    await refresh()
    await openEntry(id)
    notePane.editTitle()
  }

  async function removeEntry(id: string): Promise<void> {
    const title = entries.find((entry) => entry.id === id)?.title
    if (title === undefined || !(await confirmDeletion(`Delete “${title}”?`, 'This cannot be undone.'))) return
    if (id === entryId) {
      notePane.discard()
      entryId = undefined
    }
    await deleteEntry(id)
    await refresh()
    showPane('entries', entriesPane.focus)
    announce(`Deleted ${title}.`)
  }

  async function exportAll(): Promise<void> {
    await notePane.flush()
    download(await exportNotes(), 'notes.json')
  }

  collections = await listCollections()
  collectionId = collections[0]?.id
  await refresh()
  onChanges(() => run(follow))
  onUserChange((user) => run(() => showNotesOf(user?.id ?? null)))
}
