/** Stores PGlite's files in IndexedDB, one transaction per flush: a `StorageBackend` for `MemfsFrontendFS`. */
import type { ChangeSet } from '@electric-sql/pglite/memfs-frontend'
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import { compactStore, needsCompaction, storedBytes } from './compact.ts'
import { blockBytes } from './format.ts'
import { browserIndexedDb, isAborted, isConnectionLost, isTaken, storageError } from './indexed-db.ts'
import { isChromium } from './browser-engine.ts'
import { defaultLimits } from './pack.ts'
import { changedBytes, hasNoChanges } from './journal.ts'
import { inUse, isNextMine } from './next-flush.ts'
import { createPendingFlushes } from './pending-flushes.ts'
import { checkStore } from './check-store.ts'
import { readStore } from './read-store.ts'
import { scrubStore } from './scrub.ts'
import { seedChanges } from './seed-changes.ts'
import { appendFlush, foldFlush, needsFold } from './write-flush.ts'
import type { FlushOptions } from './write-flush.ts'
import type { BlockStore, BlockStoreOptions, BlockStoreState, StoreSeed } from './block-store-types.ts'
import type { KeptOutcome } from './outcome-log.ts'
import { pushOthersAside } from './push-others-aside.ts'
import type { StoreContents } from './assemble-store.ts'
import { loadSums } from './sums.ts'
import { createStoreConnection } from './store-connection.ts'
import type { StoreIndex } from './store-index.ts'
import type { OpenStore } from './transaction.ts'

/** How long something else may keep a page that is alone from its storage, in milliseconds. */
const blockedAfterMs = 8_000

/**
 * Makes a store; nothing is opened before {@link BlockStore.open}.
 */
export function createBlockStore(options: BlockStoreOptions): BlockStore {
  const { name, durability, flushWithinMs = 100, seed: makeSeed, onStateChange, limits = defaultLimits } = options
  const writer = crypto.randomUUID()
  let index: StoreIndex | undefined
  let seed: StoreSeed | undefined
  let contents: Promise<StoreContents> | undefined
  let opening: Promise<void> | undefined
  let isClosed = false
  let isUncertain = false
  let error: TypystDbError | undefined
  let smallestSizes = new Map<string, number>()
  let walBytes = 0
  let noted: KeptOutcome[] = []
  /** The sum of the changes that there was no room for. */
  let refused: bigint | undefined
  let addedNothing = false

  const connection = createStoreConnection({
    name,
    factory: () => options.factory ?? browserIndexedDb(),
    leaderTimeoutMs: options.leaderTimeoutMs ?? blockedAfterMs,
  })

  /** After a failure nobody knows whether the transaction was stored after all; the journal tells who took its number. */
  const settle = async (open: OpenStore): Promise<StoreIndex> => {
    if (!index) return (index = (await readStore(open)).index)
    if (isUncertain && (await isNextMine(open, index, writer))) {
      const { index: stored } = await readStore(open)
      // What somebody else has stored since is not in memory here.
      if (stored.writer !== writer) throw inUse()
      index = stored
    }
    isUncertain = false
    return index
  }

  /** Runs a transaction, and once more on a new connection or after looking at what is stored, where that can help. */
  const write = async (work: (open: OpenStore, index: StoreIndex) => Promise<void>): Promise<void> => {
    const attempt = async (): Promise<void> => {
      const current = await connection.get(false)
      const known = await settle(current)
      try {
        await work(current, known)
      } catch (cause) {
        isUncertain = true
        throw cause
      }
    }
    try {
      await attempt()
    } catch (cause) {
      const isLost = isConnectionLost(cause)
      // A connection that the browser closes aborts its transactions first, and tells why only later.
      if (!isLost && !isAborted(cause) && !isTaken(cause)) throw cause
      if (isLost) connection.close()
      await attempt()
    }
  }

  const flushOptions = (onIssued?: () => void): FlushOptions => {
    return { durability, writer, limits, origin: seed?.origin ?? 'initdb', onIssued }
  }

  const flushes = createPendingFlushes({
    flushWithinMs,
    // Only Chromium has time for it when the page goes away: others end a worker at once, and WebKit drops what a page asks for
    // when it is left.
    issuesAtOnce: !isChromium(),
    write: async (pending, isUrgent, onIssued) => {
      try {
        if (hasNoChanges(pending)) return
        await write((current, known) => {
          // The page may be gone before an answer comes; a new store starts with blocks, which is what makes it one.
          const isSmall = isUrgent || changedBytes(pending) < limits.packFromBlocks * blockBytes
          const put = isSmall && known.folded > 0 && known.hasSums ? appendFlush : foldFlush
          return put(current, known, pending, flushOptions(onIssued))
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
      if (!index) return
      if (!index.hasSums || needsFold(index, limits))
        await write((current, known) => foldFlush(current, known, [], flushOptions()))
      if (needsCompaction(index, limits)) await write((current, known) => compactStore(current, known, flushOptions()))
    },
    onChange: () => changed(),
  })

  const state = (): BlockStoreState => ({
    phase: isClosed ? 'closed' : error ? 'failing' : flushes.hasPending() ? 'pending' : 'clean',
    error,
    storedBytes: index ? storedBytes(index) : 0,
    hasLostData: connection.hasLostData(),
  })
  const changed = (): void => onStateChange?.(state())

  const begin = async (): Promise<void> => {
    try {
      const current = await connection.get(true)
      const isNew = await checkStore(current)
      if (connection.hasLostData()) changed()
      if (isNew) seed = await makeSeed?.()
      else if (options.leaderTimeoutMs !== undefined) await pushOthersAside(current, writer)
      contents = readStore(current)
      // Reported by load(), which PGlite calls later.
      contents.catch(() => undefined)
    } catch (cause) {
      connection.close()
      throw storageError(cause)
    }
  }

  const open = (): Promise<void> => (opening ??= begin())

  const takeSizes = (): Map<string, number> => {
    const taken = smallestSizes
    smallestSizes = new Map()
    return taken
  }
  const noteRefusal = async (changes: ChangeSet, cause: unknown): Promise<void> => {
    const isFull = isTypystDbError(cause) && cause.code === 'STORAGE_FULL'
    const sum = isFull ? (await loadSums()).value(0n, changes) : undefined
    const isEmpty = hasNoChanges([{ changes, smallestSizes: new Map() }])
    addedNothing = isFull && (isEmpty || sum === refused)
    refused = sum
  }
  const noteShrink = (path: string, size: number): void => {
    smallestSizes.set(path, Math.min(size, smallestSizes.get(path) ?? size))
  }

  return {
    open,
    init: () => Promise.resolve(),
    noteShrink,
    state,
    walBytes: () => walBytes,

    async *load() {
      await open()
      const { index: read, files } = await loaded(contents)
      // Once more before the first write: what Chromium tidies up when it starts can be in the way of the first time.
      await connection.beginFreshLog()
      index = read
      if (seed) {
        await flushes.strict(seedChanges(seed))
        yield* seed.entries
        return
      }
      // One of an earlier release. Where it cannot be written to, it can still be read, and gets its sums later.
      if (!read.hasSums) flushes.tidy()
      for (const [path, data] of files) {
        // Postgres owns the bytes from here on.
        files.delete(path)
        yield data === 'dir' ? { kind: 'dir', path } : { kind: 'file', path, data }
      }
    },

    async apply(changes: ChangeSet) {
      if (isClosed) throw new TypystDbError('CLOSED', 'The database is closed. Open it again.')
      if (changes.files.control.length > 0) walBytes = 0
      for (const file of changes.files.wal) if (file.full) walBytes += file.size
      const taken = takeSizes()
      const outcomes = noted
      noted = []
      try {
        await flushes[durability]({ changes, smallestSizes: taken, outcomes })
        refused = undefined
        addedNothing = false
      } catch (cause) {
        await noteRefusal(changes, cause)
        noted = [...outcomes, ...noted]
        // The frontend passes these changes again, and then needs these sizes again.
        for (const [path, size] of taken) noteShrink(path, size)
        throw cause
      }
    },

    addedNothing: () => addedNothing,
    flush: () => flushes.flush(),
    scrub: (redact) =>
      flushes.flushAnd(async () => {
        try {
          await scrubStore(write, flushOptions(), redact)
        } catch (cause) {
          throw storageError(cause)
        } finally {
          changed()
        }
      }),
    flushUrgently: () => flushes.flushUrgently(),
    noteOutcome: (outcome) => void noted.push(outcome),
    isKept(outcome) {
      const isLeft = noted.includes(outcome)
      noted = noted.filter((other) => other !== outcome)
      return !isLeft
    },
    outcomes: () => index?.outcomes,

    abandon() {
      isClosed = true
      flushes.abandon()
      connection.close()
    },

    async close() {
      if (isClosed) return
      // Otherwise a connection that comes later would stay open.
      await opening?.catch(() => undefined)
      await flushes.close()
      isClosed = true
      connection.close()
      changed()
    },
  }
}

async function loaded(contents: Promise<StoreContents> | undefined): Promise<StoreContents> {
  if (!contents) throw new TypystDbError('CLOSED', 'The database is closed. Open it again.')
  return contents
}
