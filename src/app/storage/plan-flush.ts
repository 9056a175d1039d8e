/** Turns what Postgres changed since the last flush into what has to be written, without touching any storage. */
import type { ChangeSet, FileWrite } from '@electric-sql/pglite/memfs-frontend'
import { blockBytes, nowhere } from './format.ts'
import type { KeptOutcome } from './outcome-log.ts'
import { locationOf } from './store-index.ts'
import type { BlockLocation } from './format.ts'
import type { StoredEntry, StoredFile, StoreIndex } from './store-index.ts'

/** One change set, with what PGlite's frontend leaves out of it. */
export interface PendingChanges {
  readonly changes: ChangeSet
  /** The smallest size each file had since the last flush: a file that was cut and grew again has zeros in between. */
  readonly smallestSizes: ReadonlyMap<string, number>
  /** How the requests ended that made these changes. */
  readonly outcomes?: readonly KeptOutcome[]
}

/** A block to be written: bytes laid over what is stored at `base`, or over zeros. */
export interface BlockDraft {
  base: BlockLocation
  patches: { readonly at: number; readonly data: Uint8Array }[]
}

/** A file as it will be after the flush. */
export interface FileDraft {
  readonly id: number
  size: number
  /** The stored file this one continues; a file that is written in full starts anew. */
  readonly stored: StoredFile | undefined
  readonly blocks: Map<number, BlockDraft>
}

/** What one flush changes. */
export interface FlushPlan {
  /** Changed paths; `undefined` stands for a removed one. */
  readonly entries: ReadonlyMap<string, FileDraft | 'dir' | undefined>
  /** Files whose blocks go. */
  readonly dropped: readonly StoredFile[]
}

/** Plans the flush of change sets, in their order. The index only gives out new file ids. */
export function planFlush(index: StoreIndex, pending: readonly PendingChanges[]): FlushPlan {
  const drafts = new Map<string, FileDraft | 'dir' | undefined>()
  const dropped = new Set<StoredFile>()

  const current = (path: string): FileDraft | StoredEntry | undefined =>
    drafts.has(path) ? drafts.get(path) : index.entries.get(path)

  const remove = (path: string): void => {
    const entry = current(path)
    if (entry === undefined) return
    const stored = index.entries.get(path)
    if (stored !== undefined && stored !== 'dir') dropped.add(stored)
    if (stored === undefined) drafts.delete(path)
    else drafts.set(path, undefined)
    if (entry !== 'dir') return
    const inside = `${path}/`
    for (const known of [...index.entries.keys(), ...drafts.keys()]) if (known.startsWith(inside)) remove(known)
  }

  const makeDirectory = (path: string): void => {
    if (current(path) === 'dir') return
    remove(path)
    if (index.entries.get(path) === 'dir') drafts.delete(path)
    else drafts.set(path, 'dir')
  }

  const draftFile = (path: string, isRewritten: boolean): FileDraft => {
    const entry = current(path)
    if (!isRewritten && entry !== undefined && entry !== 'dir') {
      if ('stored' in entry) return entry
      const draft: FileDraft = { id: entry.id, size: entry.size, stored: entry, blocks: new Map() }
      drafts.set(path, draft)
      return draft
    }
    remove(path)
    const draft: FileDraft = { id: index.nextFileId++, size: 0, stored: undefined, blocks: new Map() }
    drafts.set(path, draft)
    return draft
  }

  const write = (file: FileWrite, smallestSize: number): void => {
    const draft = draftFile(file.path, file.full || smallestSize === 0)
    if (smallestSize < draft.size) cut(draft, smallestSize)
    draft.size = file.size
    for (const { at, data } of file.chunks) lay(draft, at, data)
  }

  for (const { changes, smallestSizes } of pending) {
    for (const { op, path } of changes.ops) {
      if (op === 'remove') remove(path)
      else makeDirectory(path)
    }
    for (const file of [...changes.files.wal, ...changes.files.data, ...changes.files.control]) {
      write(file, Math.min(file.size, smallestSizes.get(file.path) ?? file.size))
    }
  }
  return { entries: drafts, dropped: [...dropped] }
}

/** Makes everything behind `size` zero, whether it is stored or only drafted. */
function cut(draft: FileDraft, size: number): void {
  const firstGone = Math.ceil(size / blockBytes)
  const storedBlocks = draft.stored?.blocks ?? []
  for (const block of draft.blocks.keys()) if (block >= firstGone) draft.blocks.delete(block)
  for (let block = firstGone; block < storedBlocks.length; block += 1) {
    // A zero block must be written: an older pack may still hold bytes for it.
    if (storedBlocks[block] !== nowhere) draft.blocks.set(block, { base: nowhere, patches: [] })
  }
  const kept = size % blockBytes
  if (kept > 0) lay(draft, size, new Uint8Array(blockBytes - kept))
}

/** Lays bytes over a file's blocks. */
function lay(draft: FileDraft, at: number, data: Uint8Array): void {
  for (let done = 0; done < data.length;) {
    const block = Math.floor((at + done) / blockBytes)
    const start = (at + done) % blockBytes
    const length = Math.min(blockBytes - start, data.length - done)
    const bytes = data.subarray(done, done + length)
    // What is behind the end of a file is zero, so a write up to the end covers the block as well.
    const isWhole = start === 0 && (length === blockBytes || at + done + length >= draft.size)
    const known = draft.blocks.get(block)
    if (isWhole) draft.blocks.set(block, { base: nowhere, patches: [{ at: 0, data: bytes }] })
    else if (known) known.patches.push({ at: start, data: bytes })
    else draft.blocks.set(block, { base: locationOf(draft.stored, block), patches: [{ at: start, data: bytes }] })
    done += length
  }
}
