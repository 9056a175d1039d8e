/** Puts many blocks into one value, and takes them out again. */
import { blockBytes } from './format.ts'
import type { PackRecord } from './format.ts'

/** A block and whose it is. */
export interface PackBlock {
  readonly fileId: number
  readonly block: number
  /** At most a whole block; the rest is zero. */
  readonly bytes: Uint8Array
}

/** When blocks go where; measured in Chromium 153, see docs/storage.md. */
export interface StoreLimits {
  /** From this many blocks on, a flush goes past the journal, and writes packs instead of a record per block. */
  readonly packFromBlocks: number
  /** Blocks in a pack at most. */
  readonly packMaxBlocks: number
  /** Records a store may hold before some are packed. */
  readonly recordsAllowed: number
  /** Dead blocks packs may hold, beside as many as live. */
  readonly deadBlocksAllowed: number
  /** Flushes the journal may hold before they are put into blocks. */
  readonly journalFlushesAllowed: number
  /** Bytes the journal may hold before they are put into blocks. */
  readonly journalBytesAllowed: number
}

/** A record costs 0.02 to 0.18 ms to write, a pack about 5 ms and 8 ms per MB; records read half as fast as packs. */
export const defaultLimits: StoreLimits = {
  packFromBlocks: 64,
  // 4 MB: reading 48 MB took 205 ms in such packs, 285 ms in packs of 1 MB, 553 ms in records.
  packMaxBlocks: 512,
  // 8 MB: about 90 ms to read one by one, 35 ms as packs.
  recordsAllowed: 1024,
  // 8 MB: two full packs.
  deadBlocksAllowed: 1024,
  // About 25 ms more at the next opening.
  journalFlushesAllowed: 512,
  journalBytesAllowed: 2 * 1024 * 1024,
}

/** Makes a pack. Blocks that follow each other in a file share one run. */
export function encodePack(blocks: readonly PackBlock[]): PackRecord {
  const bytes = new Uint8Array(blocks.length * blockBytes)
  const runs: number[] = []
  let [fileId, next] = [-1, -1]
  for (const [index, block] of blocks.entries()) {
    bytes.set(block.bytes, index * blockBytes)
    if (block.fileId === fileId && block.block === next) runs.push((runs.pop() ?? 0) + 1)
    else runs.push(block.fileId, block.block, 1)
    ;[fileId, next] = [block.fileId, block.block + 1]
  }
  return { runs: new Uint32Array(runs), bytes }
}

/** The runs of a pack, each with the bytes of its blocks. */
export function* packRuns(
  pack: PackRecord,
): Generator<{ readonly fileId: number; readonly first: number; readonly count: number; readonly bytes: Uint8Array }> {
  let offset = 0
  for (let at = 0; at < pack.runs.length; at += 3) {
    const [fileId = 0, first = 0, count = 0] = pack.runs.subarray(at, at + 3)
    const end = offset + count * blockBytes
    yield { fileId, first, count, bytes: pack.bytes.subarray(offset, end) }
    offset = end
  }
}

/** One block of a pack, or nothing when the pack does not hold it. */
export function findInPack(pack: PackRecord, fileId: number, block: number): Uint8Array | undefined {
  for (const run of packRuns(pack)) {
    if (run.fileId !== fileId || block < run.first || block >= run.first + run.count) continue
    const start = (block - run.first) * blockBytes
    return run.bytes.subarray(start, start + blockBytes)
  }
  return undefined
}
