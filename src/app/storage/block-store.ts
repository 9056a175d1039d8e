/** Stores PGlite's files in IndexedDB, one transaction per flush: a `StorageBackend` for `MemfsFrontendFS`. */
import type { ChangeSet } from '@electric-sql/pglite/memfs-frontend'
import { TypystDbError } from '../../errors.ts'
import { onceOrRetry } from '../../internal/once-or-retry.ts'
import { compactStore, needsCompaction, storedBytes } from './compact.ts'
import { databaseName, storeNames } from './format.ts'
import { browserIndexedDb, isAborted, isConnectionLost, openStoreDatabase, storageError } from './indexed-db.ts'
import { defaultLimits } from './pack.ts'
import { createPendingFlushes } from './pending-flushes.ts'
import { isEmptyPlan, planFlush } from './plan-flush.ts'
import { checkStore } from './check-store.ts'
import { readStore } from './read-store.ts'
import { readSequence, SequenceMismatch } from './transaction.ts'
import { writeFlush } from './write-flush.ts'
import type { BlockStore, BlockStoreOptions, BlockStoreState, StoreSeed } from './block-store-types.ts'
import type { PendingChanges } from './plan-flush.ts'
import type { StoreContents } from './read-store.ts'
import type { StoreIndex } from './store-index.ts'

/**
 * Makes a store; nothing is opened before {@link BlockStore.init}.
 */
export function createBlockStore(options: BlockStoreOptions): BlockStore {
  const { name, durability, flushWithinMs = 100, seed: makeSeed, onStateChange, limits = defaultLimits } = options
  const writer = crypto.randomUUID()
  let database: IDBDatabase | undefined
  let index: StoreIndex | undefined
  let seed: StoreSeed | undefined
  let contents: Promise<StoreContents> | undefined
  let isClosed = false
  let isUncertain = false
  let error: TypystDbError | undefined
  let smallestSizes = new Map<string, number>()
  let walBytes = 0

  const connect = async (mayCreate: boolean): Promise<IDBDatabase> => {
    const opened = await openStoreDatabase(options.factory ?? browserIndexedDb(), databaseName(name), mayCreate)
    if (!opened) throw lost()
    // Browsers close connections by themselves, Safari for pages in the background: the next flush opens a new one.
    opened.onclose = () => {
      if (database === opened) database = undefined
    }
    database = opened
    return opened
  }

  /** After a failure nobody knows whether the transaction was stored after all; the sequence tells. */
  const settle = async (current: IDBDatabase): Promise<StoreIndex> => {
    if (index && !isUncertain) return index
    const stored = await readSequence(current.transaction(storeNames.meta).objectStore(storeNames.meta))
    if (!index || stored?.writer !== index.sequence?.writer || stored?.count !== index.sequence?.count) {
      if (index?.sequence && !stored) throw lost()
      if (index && stored?.writer !== writer) throw inUse()
      index = (await readStore(current)).index
    }
    isUncertain = false
    return index
  }

  /** Runs a transaction, and once more on a new connection or after looking at what is stored, where that can help. */
  const write = async (work: (database: IDBDatabase, index: StoreIndex) => Promise<void>): Promise<void> => {
    const attempt = async (): Promise<void> => {
      const current = database ?? (await connect(false))
      await work(current, await settle(current))
    }
    try {
      await attempt()
    } catch (cause) {
      isUncertain = true
      const isLost = isConnectionLost(cause)
      // A connection that the browser closes aborts its transactions first, and tells why only later.
      if (!isLost && !isAborted(cause) && !(cause instanceof SequenceMismatch)) throw cause
      if (isLost) {
        database?.close()
        database = undefined
      }
      await attempt()
    }
  }

  const flushes = createPendingFlushes({
    flushWithinMs,
    write: async (pending, isUrgent) => {
      try {
        await write(async (current, known) => {
          const plan = planFlush(known, pending)
          if (isEmptyPlan(plan)) return
          await writeFlush(current, known, plan, {
            durability,
            isUrgent,
            writer,
            limits,
            origin: seed?.origin ?? 'initdb',
          })
        })
        error = undefined
      } catch (cause) {
        error = storageError(cause)
        throw error
      } finally {
        changed()
      }
    },
    tidy: async () => {
      if (!index || !needsCompaction(index, limits)) return
      await write((current, known) => compactStore(current, known, { durability, writer, limits }))
    },
    onChange: () => changed(),
  })

  const state = (): BlockStoreState => ({
    phase: isClosed ? 'closed' : error ? 'failing' : flushes.hasPending() ? 'pending' : 'clean',
    error,
    storedBytes: index ? storedBytes(index) : 0,
  })
  const changed = (): void => onStateChange?.(state())

  const init = onceOrRetry(async () => {
    try {
      const current = database ?? (await connect(true))
      const isNew = await checkStore(current)
      if (isNew) seed = await makeSeed?.()
      contents = readStore(current)
      // Reported by load(), which PGlite calls later.
      contents.catch(() => undefined)
    } catch (cause) {
      database?.close()
      database = undefined
      throw storageError(cause)
    }
  })

  const takeSizes = (): Map<string, number> => {
    const taken = smallestSizes
    smallestSizes = new Map()
    return taken
  }
  const noteShrink = (path: string, size: number): void => {
    smallestSizes.set(path, Math.min(size, smallestSizes.get(path) ?? size))
  }

  return {
    init,
    noteShrink,
    state,
    walBytes: () => walBytes,

    async *load() {
      await init()
      const { index: read, files } = await loaded(contents)
      index = read
      if (seed) {
        await flushes.strict(seedChanges(seed))
        yield* seed.entries
        return
      }
      for (const [path, entry] of read.entries) {
        if (entry === 'dir') yield { kind: 'dir', path }
        else {
          const data = files.get(path) ?? new Uint8Array()
          files.delete(path)
          yield { kind: 'file', path, data }
        }
      }
    },

    async apply(changes: ChangeSet) {
      if (isClosed) throw new TypystDbError('CLOSED', 'The database is closed. Open it again.')
      if (changes.files.control.length > 0) walBytes = 0
      for (const file of changes.files.wal) if (file.full) walBytes += file.size
      const taken = takeSizes()
      try {
        await flushes[durability]({ changes, smallestSizes: taken })
      } catch (cause) {
        // The frontend passes these changes again, and then needs these sizes again.
        for (const [path, size] of taken) noteShrink(path, size)
        throw cause
      }
    },

    flush: () => flushes.flush(),

    async close() {
      if (isClosed) return
      await flushes.close()
      isClosed = true
      database?.close()
      database = undefined
      changed()
    },
  }
}

/** A seed as the change set of one flush. */
function seedChanges({ entries }: StoreSeed): PendingChanges {
  const data = entries.flatMap((entry) => {
    if (entry.kind === 'dir') return []
    const { path, data } = entry
    return [{ path, size: data.length, full: true, truncate: true, chunks: [{ at: 0, data }] }]
  })
  const ops = entries.flatMap(({ kind, path }) => (kind === 'dir' ? [{ op: 'mkdir' as const, path }] : []))
  return { changes: { ops, files: { wal: [], data, control: [] } }, smallestSizes: new Map() }
}

async function loaded(contents: Promise<StoreContents> | undefined): Promise<StoreContents> {
  if (!contents) throw new TypystDbError('CLOSED', 'The database is closed. Open it again.')
  return contents
}

function lost(): TypystDbError {
  return new TypystDbError(
    'STORAGE_DAMAGED',
    'The stored database disappeared while it was open, as when site data is cleared. What is in memory can still be exported.',
  )
}

function inUse(): TypystDbError {
  return new TypystDbError(
    'DATABASE_IN_USE',
    'Another instance wrote to this database while it was open here, so this one writes no more. Reload the page.',
  )
}
