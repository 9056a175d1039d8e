/** Keeps a store quick to read: moves lone records and the living parts of mostly dead packs into a fresh pack. */
import { isBytes } from './bytes.ts'
import { damagedStore } from './damaged-store.ts'
import { blockBytes, inRecord, isPackRecord } from './format.ts'
import { requestResult } from './indexed-db.ts'
import { encodePack, findInPack } from './pack.ts'
import { sealRecord } from './seal.ts'
import { countFlush, isBlock, moveBlock } from './store-index.ts'
import { readStores, runStoreTransaction } from './transaction.ts'
import type { PackBlock, StoreLimits } from './pack.ts'
import type { StoredFile, StoreIndex } from './store-index.ts'
import type { OpenStore, WriteOptions } from './transaction.ts'

/** Whether {@link compactStore} has something to do. */
export function needsCompaction(index: StoreIndex, limits: StoreLimits): boolean {
  return index.records > limits.recordsAllowed || worstPack(index, limits) !== undefined
}

/** Options of what moves blocks. */
export interface CompactOptions extends WriteOptions {
  readonly writer: string
  readonly limits: StoreLimits
}

/** Packs a pack's worth of records, or rewrites one mostly dead pack, in one transaction. */
export async function compactStore(open: OpenStore, index: StoreIndex, options: CompactOptions): Promise<void> {
  await moveIntoPack(open, index, worstPack(index, options.limits), options)
}

/**
 * Moves what lives at a place into a fresh pack, in one transaction.
 *
 * @param victim - The pack that goes; absent for records.
 */
export async function moveIntoPack(
  open: OpenStore,
  index: StoreIndex,
  victim: number | undefined,
  options: CompactOptions,
): Promise<void> {
  const number = index.count + 1
  const packId = index.nextPackId++
  // All of a pack that goes, which may be larger than packs are today.
  const chosen = chooseBlocks(index, victim ?? inRecord, victim === undefined ? options.limits.packMaxBlocks : Infinity)
  if (chosen.length === 0 && victim === undefined) return

  const blocks = await readStores(open, ['records', 'packs'], (store) => {
    const source = victim === undefined ? undefined : requestResult<unknown>(store('packs').get(victim))
    return Promise.all(
      chosen.map(async ({ file, block }): Promise<PackBlock> => {
        const found = await (source ?? requestResult<unknown>(store('records').get([file.id, block])))
        const bytes = isPackRecord(found) ? findInPack(found, file.id, block) : found
        // What was damaged since it was read must not become right by a new place; failing leaves the store as it is.
        if (!(isBytes(bytes) && isBlock(index.sums, file, block, bytes))) {
          throw damagedStore('has other bytes in a block than were stored')
        }
        return { fileId: file.id, block, bytes }
      }),
    )
  })
  const record = sealRecord(index.sums, index.last, number, { writer: options.writer })
  await runStoreTransaction(open, number, record, options, (store) => {
    const [records, packs] = [store('records'), store('packs')]
    if (blocks.length > 0) packs.put(encodePack(blocks), packId)
    if (victim !== undefined) packs.delete(victim)
    else for (const { file, block } of chosen) records.delete([file.id, block])
  })

  countFlush(index, number, record)
  if (chosen.length > 0) index.packs.set(packId, { blocks: chosen.length, live: 0 })
  for (const { file, block } of chosen) moveBlock(index, file, block, packId)
  if (victim !== undefined) index.packs.delete(victim)
}

/** Bytes the store takes, without IndexedDB's own overhead. Records count as whole blocks. */
export function storedBytes(index: StoreIndex): number {
  let blocks = index.records
  for (const pack of index.packs.values()) blocks += pack.blocks
  return blocks * blockBytes + index.journalBytes
}

/** The deadest pack, once the dead blocks of all packs outweigh the living ones; wholly dead packs go with any flush. */
function worstPack(index: StoreIndex, { deadBlocksAllowed }: StoreLimits): number | undefined {
  let [dead, live] = [0, 0]
  let worst: { readonly id: number; readonly share: number } | undefined
  for (const [id, pack] of index.packs) {
    live += pack.live
    if (pack.live === 0) continue
    dead += pack.blocks - pack.live
    const share = pack.live / pack.blocks
    if (!worst || share < worst.share) worst = { id, share }
  }
  return dead > Math.max(deadBlocksAllowed, live) ? worst?.id : undefined
}

/** Blocks at a location, in the order of their files, so that they make few runs. */
function chooseBlocks(
  index: StoreIndex,
  location: number,
  most: number,
): { readonly file: StoredFile; readonly block: number }[] {
  const chosen: { readonly file: StoredFile; readonly block: number }[] = []
  for (const file of index.entries.values()) {
    if (file === 'dir') continue
    for (let block = file.blocks.indexOf(location); block >= 0; block = file.blocks.indexOf(location, block + 1)) {
      chosen.push({ file, block })
      if (chosen.length === most) return chosen
    }
  }
  return chosen
}
