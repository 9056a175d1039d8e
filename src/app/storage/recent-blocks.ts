/** Keeps the blocks that were stored last: nearly every flush changes parts of the same few again. */

/** Their bytes as they are stored, the oldest first. */
export type RecentBlocks = Map<string, Uint8Array>

/** An insert touches about ten blocks; these are half a megabyte. */
const mostBlocks = 64

const keyOf = (fileId: number, block: number): string => `${fileId}/${block}`

/** The bytes of a stored block, if they are still here. */
export function recallBlock(recent: RecentBlocks, fileId: number, block: number): Uint8Array | undefined {
  return recent.get(keyOf(fileId, block))
}

/** Takes in what a flush has stored. */
export function rememberBlocks(
  recent: RecentBlocks,
  stored: readonly { readonly fileId: number; readonly block: number; readonly bytes: Uint8Array }[],
): void {
  // What does not stay is forgotten as well: bytes of an older flush would be wrong from now on.
  for (const { fileId, block } of stored) recent.delete(keyOf(fileId, block))
  // Copies, because the bytes belong to whoever made the change.
  for (const { fileId, block, bytes } of stored.slice(-mostBlocks)) recent.set(keyOf(fileId, block), bytes.slice())
  for (const key of recent.keys()) {
    if (recent.size <= mostBlocks) break
    recent.delete(key)
  }
}
