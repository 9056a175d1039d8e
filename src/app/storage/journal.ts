/** What a small flush writes: its changes as they are, one value for all of them, to be put into blocks later. */
import { isCount, isObject } from './format.ts'
import { withoutTrailingZeros } from './pack.ts'
import type { PendingChanges } from './plan-flush.ts'

/** A record of the store `journal`, under the number of its flush. */
export interface JournalRecord {
  /** The instance that made the flush. */
  readonly writer: string
  /** What changed, in order; absent when this flush went into blocks, or what it held has gone there since. */
  readonly changes?: readonly JournaledChanges[]
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

/** The changes as they are stored. */
export function toJournal(pending: readonly PendingChanges[]): JournaledChanges[] {
  return pending.map(({ changes: { ops, files }, smallestSizes }) => ({
    ops: ops.map(({ op, path }) => ({ op, path })),
    files: [...files.wal, ...files.data, ...files.control].map(({ path, size, full, chunks }) => ({
      path,
      size,
      smallestSize: Math.min(size, smallestSizes.get(path) ?? size),
      full,
      chunks: chunks.map(({ at, data }) => ({ at, length: data.length, data: withoutTrailingZeros(data) })),
    })),
  }))
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
  const { changes } = value
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
        isCount(file['size']) &&
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
  return isCount(at) && isCount(length) && data instanceof Uint8Array && data.length <= length
}

const isPath = (value: unknown): value is string => typeof value === 'string'

function padded(data: Uint8Array, length: number): Uint8Array {
  if (data.length === length) return data
  const bytes = new Uint8Array(length)
  bytes.set(data)
  return bytes
}
