/** PGlite's frontend over a block store, flushing when Postgres has something to keep. */
import type { MemfsFrontendFS } from '@electric-sql/pglite/memfs-frontend'
import type { FrontendModule } from '../../pglite/pglite-storage.ts'
import type { BlockStore } from './block-store-types.ts'
import { createFlushGate } from './flush-gate.ts'
import type { FlushGate } from './flush-gate.ts'
import { growInLargeSteps } from './grow-files.ts'
import { hookMemfs } from './hook-memfs.ts'
import { trackShrinking } from './track-shrinking.ts'

/**
 * Makes the file system to pass to PGlite as `fs`.
 *
 * Inside a transaction block nothing is flushed: a statement in it is worth nothing before its commit, and a failed flush
 * after `BEGIN` would leave PGlite in a transaction that no caller knows of.
 */
export function createFilesystem(
  { MemfsFrontendFS }: FrontendModule,
  store: BlockStore,
  gate: FlushGate = createFlushGate(),
): MemfsFrontendFS {
  const fs = new MemfsFrontendFS(store)
  hookMemfs(fs, (module) => {
    trackShrinking(module, (path, size) => store.noteShrink(path, size))
    growInLargeSteps(module)
  })

  let isInTransaction = (): boolean => false
  const init = fs.init.bind(fs)
  fs.init = (pglite, options) => {
    isInTransaction = () => pglite.isInTransaction()
    return init(pglite, options)
  }
  const syncToFs = fs.syncToFs.bind(fs)
  fs.syncToFs = async (relaxedDurability) => {
    if (isInTransaction()) return
    try {
      await gate.pass(() => syncToFs(relaxedDurability))
    } catch (cause) {
      // The disk is full, which a statement that has written nothing need not be told.
      if (!store.addedNothing()) throw cause
    }
  }
  const closeFs = fs.closeFs.bind(fs)
  fs.closeFs = () => {
    // Postgres has shut down: what it left, an abandoned transaction included, is its final state.
    isInTransaction = () => false
    return closeFs()
  }
  return fs
}
