/** What a small flush writes: its changes as they are, one value for all of them, to be put into blocks later. */
import { blockBytes, isCount, isFileSize, isObject } from './format.ts'
import { changedRange, isBytes, withoutTrailingZeros } from './bytes.ts'
import { isKeptOutcome } from './outcome-log.ts'
import type { KeptOutcome } from './outcome-log.ts'
import type { PendingChanges } from './plan-flush.ts'

/** A record of the store `journal`, under the number of its flush. */
export interface JournalRecord {
  /** The instance that made the flush. */
  readonly writer: string
  /** What changed, in order; absent when this flush went into blocks, or what it held has gone there since. */
  readonly changes?: readonly JournaledChanges[]
  /** How requests ended, of those that made these changes; a flush into blocks has them all. */
  readonly outcomes?: readonly KeptOutcome[]
  /** Of this record, its number and every record before it; see seal.ts. */
  readonly sum?: bigint
}

interface JournaledChanges {
  readonly ops: PendingChanges['changes']['ops']
  readonly files: readonly JournaledFile[]
}

interface JournaledFile {
  readonly path: string
  readonly size: number
  /** See {@link PendingChanges.smallestSizes}. */
  readonly smallestSize: number
  readonly full: boolean
  readonly chunks: readonly JournaledChunk[]
}

interface JournaledChunk {
  readonly at: number
  readonly length: number
  /** Without the zeros at its end: a page of WAL is half empty on average. */
  readonly data: Uint8Array
}

/** The page of WAL that was stored last. Postgres writes it as a whole for each commit, until it is full. */
export interface LastPage {
  readonly path: string
  readonly at: number
  readonly data: Uint8Array
}

/**
 * The changes as they are stored.
 *
 * @param lastPage - Of a page of WAL that is stored already, only what is new is stored again.
 */
export function toJournal(
  pending: readonly PendingChanges[],
  lastPage: LastPage | undefined,
): { readonly changes: JournaledChanges[]; readonly lastPage: LastPage | undefined } {
  let known = lastPage
  const changes = pending.map(({ changes: { ops, files }, smallestSizes }): JournaledChanges => {
    // The file may be another one of that name.
    if (ops.length > 0) known = undefined
    const journaled = [...files.wal, ...files.data, ...files.control].map((file): JournaledFile => {
      const { path, size, full } = file
      const smallestSize = Math.min(size, smallestSizes.get(path) ?? size)
      const isIntact = known?.path === path && !full && smallestSize >= known.at + known.data.length
      if (known?.path === path && !isIntact) known = undefined
      return {
        path,
        size,
        smallestSize,
        full,
        chunks: file.chunks.map((chunk) => toJournaledChunk(chunk, path, known)),
      }
    })
    const [last] = files.wal.flatMap(({ path, chunks }) => chunks.map((chunk) => ({ path, ...chunk }))).slice(-1)
    if (last) known = lastPageOf(last)
    return { ops: ops.map(({ op, path }) => ({ op, path })), files: journaled }
  })
  return { changes, lastPage: known }
}

/** The page that the next commit begins with. */
function lastPageOf({ path, at, data }: LastPage): LastPage | undefined {
  const before = data.length - blockBytes
  if (before < 0 || data.length % blockBytes !== 0) return undefined
  // A copy, so that what came before it can go.
  return before === 0 ? { path, at, data } : { path, at: at + before, data: data.slice(before) }
}

function toJournaledChunk(
  { at, data }: { readonly at: number; readonly data: Uint8Array },
  path: string,
  known: LastPage | undefined,
): JournaledChunk {
  const isKnown = known?.path === path && known.at === at && known.data.length <= data.length
  const [from, to] = isKnown ? changedRange(known.data, data) : [0, data.length]
  return { at: at + from, length: to - from, data: withoutTrailingZeros(data.subarray(from, to)) }
}

/** Stored changes as they were handed over. */
export function fromJournal(changes: readonly JournaledChanges[]): PendingChanges[] {
  return changes.map(({ ops, files }) => ({
    changes: {
      ops,
      files: {
        wal: [],
        data: files.map(({ path, size, full, chunks }) => ({
          path,
          size,
          full,
          truncate: full,
          chunks: chunks.map(({ at, length, data }) => ({ at, data: padded(data, length) })),
        })),
        control: [],
      },
    },
    smallestSizes: new Map(files.map(({ path, smallestSize }) => [path, smallestSize])),
  }))
}

/** Bytes that the changes hold. */
export function changedBytes(pending: readonly PendingChanges[]): number {
  let bytes = 0
  for (const { changes } of pending) {
    for (const group of Object.values(changes.files)) {
      for (const { chunks } of group) for (const { data } of chunks) bytes += data.length
    }
  }
  return bytes
}

/** Whether nothing changed at all. */
export function hasNoChanges(pending: readonly PendingChanges[]): boolean {
  return pending.every(
    ({ changes: { ops, files } }) =>
      ops.length === 0 &&
      Object.values(files).every((group) =>
        group.every(({ full, truncate, chunks }) => !full && !truncate && chunks.length === 0),
      ),
  )
}

/** Whether a stored value is a record of the journal. */
export function isJournalRecord(value: unknown): value is JournalRecord {
  if (!isObject(value) || typeof value['writer'] !== 'string') return false
  const { changes, outcomes, sum } = value
  if (sum !== undefined && typeof sum !== 'bigint') return false
  if (outcomes !== undefined && !(Array.isArray(outcomes) && outcomes.every(isKeptOutcome))) return false
  return changes === undefined || (Array.isArray(changes) && changes.every(isJournaledChanges))
}

function isJournaledChanges(value: unknown): value is JournaledChanges {
  if (!isObject(value)) return false
  const { ops, files } = value
  return (
    Array.isArray(ops) &&
    ops.every((op) => isObject(op) && (op['op'] === 'remove' || op['op'] === 'mkdir') && isPath(op['path'])) &&
    Array.isArray(files) &&
    files.every(
      (file) =>
        isObject(file) &&
        isPath(file['path']) &&
        isFileSize(file['size']) &&
        isCount(file['smallestSize']) &&
        typeof file['full'] === 'boolean' &&
        Array.isArray(file['chunks']) &&
        file['chunks'].every(isJournaledChunk),
    )
  )
}

function isJournaledChunk(value: unknown): value is JournaledChunk {
  if (!isObject(value)) return false
  const { at, length, data } = value
  return isFileSize(at) && isFileSize(length) && isBytes(data) && data.length <= length
}

const isPath = (value: unknown): value is string => typeof value === 'string'

function padded(data: Uint8Array, length: number): Uint8Array {
  if (data.length === length) return data
  const bytes = new Uint8Array(length)
  bytes.set(data)
  return bytes
}
