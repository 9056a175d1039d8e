/** Lays the journal over the files that are in blocks. */
import { blockBytes, nowhere } from './format.ts'
import { planFlush } from './plan-flush.ts'
import type { FileDraft } from './plan-flush.ts'
import type { StoreIndex } from './store-index.ts'

/** Every path with what is there. */
export type StoredFiles = Map<string, Uint8Array<ArrayBuffer> | 'dir'>

/**
 * The files as the last flush left them, parents first. They are planned as if they went into blocks now, so that both
 * come to the same.
 *
 * @param files - What is in the blocks; its bytes are used again.
 */
export function replay(index: StoreIndex, files: StoredFiles): StoredFiles {
  const result = new Map(files)
  for (const [path, draft] of planFlush(index, index.journal).entries) {
    if (draft === undefined) result.delete(path)
    else result.set(path, draft === 'dir' ? 'dir' : layDraft(draft, files.get(path)))
  }
  return new Map([...result].sort(([left], [right]) => (left < right ? -1 : 1)))
}

function layDraft(draft: FileDraft, stored: Uint8Array<ArrayBuffer> | 'dir' | undefined): Uint8Array<ArrayBuffer> {
  const base = draft.stored && stored !== 'dir' ? stored : undefined
  const bytes = base?.length === draft.size ? base : resized(base, draft.size)
  for (const [block, { base: location, patches }] of draft.blocks) {
    const start = block * blockBytes
    const room = bytes.subarray(start, start + blockBytes)
    if (location === nowhere) room.fill(0)
    for (const { at, data } of patches) {
      if (at < room.length) room.set(data.subarray(0, room.length - at), at)
    }
  }
  return bytes
}

function resized(bytes: Uint8Array<ArrayBuffer> | undefined, size: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(size)
  if (bytes) result.set(bytes.subarray(0, size))
  return result
}
