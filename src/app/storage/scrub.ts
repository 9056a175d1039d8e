/** Rids a store of bytes that belong to no file any more: what a removed user wrote lies in them. */
import { moveIntoPack } from './compact.ts'
import type { StoreIndex } from './store-index.ts'
import { foldFlush } from './write-flush.ts'
import type { OpenStore } from './transaction.ts'
import type { FlushOptions } from './write-flush.ts'

/** Runs a transaction on the store, as its flushes do. */
type WriteStore = (work: (open: OpenStore, index: StoreIndex) => Promise<void>) => Promise<void>

/** Gives an outcome without what it tells of rows. */
export type RedactOutcome = (outcome: object) => object

/**
 * Puts the journal into blocks, which empties it, and rewrites every pack that holds a dead block. Each step is a
 * transaction of its own and leaves the store as good as before, so it can be cut short and called again.
 *
 * @param redact - For the outcomes of requests that are kept with the store.
 */
export async function scrubStore(write: WriteStore, options: FlushOptions, redact?: RedactOutcome): Promise<void> {
  await write(async (open, index) => {
    if (redact) index.outcomes.redact(redact)
    await foldFlush(open, index, [], options)
  })
  const rewriteOne = async (): Promise<boolean> => {
    const rewritten: number[] = []
    await write(async (open, index) => {
      const dirty = dirtyPack(index)
      if (dirty === undefined) return
      await moveIntoPack(open, index, dirty, options)
      rewritten.push(dirty)
    })
    return rewritten.length > 0
  }
  while (await rewriteOne());
}

/** A pack that holds dead blocks. */
function dirtyPack({ packs }: StoreIndex): number | undefined {
  for (const [id, { blocks, live }] of packs) if (live < blocks) return id
  return undefined
}
