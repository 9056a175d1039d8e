/** What a stored database looks like in IndexedDB: names, numbers and records of format 2; see docs/storage.md. */

import { isBytes, isOfKind } from './bytes.ts'

/** The version of the layout below. A store with a higher one was written by a newer release and is refused. */
export const formatVersion = 2

/** From this version on a store has sums. */
export const firstSummedVersion = 2

/** Bytes of a block: a Postgres page, which is what Postgres writes at a time, in tables and in the WAL alike. */
export const blockBytes = 8192

/** The Postgres major this package's PGlite runs; a data directory of another major must not reach it. */
export const postgresMajor = '18'

/** The object stores of a database. */
export const storeNames = {
  meta: 'meta',
  entries: 'entries',
  records: 'records',
  packs: 'packs',
  journal: 'journal',
} as const

/** Keys in the store `meta`. */
export const metaKeys = { format: 'format', folded: 'folded' } as const

/**
 * Where the {@link SumsRecord} is among the entries, whose other keys are paths. A release that knows no sums takes it for
 * damage and stops there, should it ever come to read such a store, instead of writing what has none.
 */
export const sumsKey = 0

/** Blocks of a file at most: Emscripten's have 2 GB, Postgres' 1 GB. */
const blocksAllowed = 2 ** 18

/** Ids of files are stored as four bytes, and those of packs stay far from where numbers lose their last digits. */
const fileIdsAllowed = 2 ** 32
const packIdsAllowed = 2 ** 48

/** Where a block's newest bytes are: nowhere (all zero), in a record of its own, or in the pack with that id. */
export type BlockLocation = number
export const nowhere = 0
export const inRecord = 1
/** Packs count from here, so that an id is also a {@link BlockLocation}. */
export const firstPackId = 2

/** The IndexedDB database that holds `idb://name`; stock PGlite's is called `/pglite/name`. */
export function databaseName(name: string): string {
  return `typyst-db/${name}`
}

/** A database that exists for a moment while `idb://name` is opened; see fresh-log.ts. */
export function freshLogName(name: string): string {
  return `typyst-db-log/${name}`
}

/** The record under {@link metaKeys}`.format`. */
export interface FormatRecord {
  readonly version: number
  /** The contents of `PG_VERSION`, here so that it can be checked before anything else is read. */
  readonly postgres: string
  /** What the first flush wrote. `adopting`: a copy of stock PGlite's, which is still there. */
  readonly origin: 'initdb' | 'snapshot' | 'adopting' | 'adopted'
  /** Of the rest of this record; see seal.ts. */
  readonly sum?: bigint
}

/** A record of the store `entries`, under its path. A directory has no id. `sum` is that of all blocks. */
export type EntryRecord = { readonly id: number; readonly size: number; readonly sum?: bigint } | { readonly dir: true }

/** The record under {@link sumsKey}: what the store was after the last flush into blocks. */
export interface SumsRecord {
  /** The number of that flush, which `meta` has too. */
  readonly folded: number
  /** The sum of all entries. */
  readonly root: bigint
  /** No file has this id or a higher one. */
  readonly nextFileId: number
}

/** A record of the store `packs`, under its id: many blocks in one value. */
export interface PackRecord {
  /** Triples of file id, first block, number of blocks, in the order of `bytes`. */
  readonly runs: Uint32Array<ArrayBuffer>
  /** Whole blocks, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
export const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

const isSum = (value: unknown): value is bigint => typeof value === 'bigint'

export function isFormatRecord(value: unknown): value is FormatRecord {
  return isObject(value) && isCount(value['version']) && typeof value['postgres'] === 'string'
}

export function isEntryRecord(value: unknown): value is EntryRecord {
  if (!isObject(value)) return false
  const { dir, id, size, sum } = value
  if (dir === true) return true
  return isFileId(id) && isFileSize(size) && (sum === undefined || isSum(sum))
}

export function isSumsRecord(value: unknown): value is SumsRecord {
  return isObject(value) && isCount(value['folded']) && isSum(value['root']) && isCount(value['nextFileId'])
}

/** Whether a number can be the size of a file, or a place in it. */
export const isFileSize = (value: unknown): value is number => isCount(value) && value <= blocksAllowed * blockBytes

const isFileId = (value: unknown): value is number => isCount(value) && value < fileIdsAllowed

export function isPackId(key: unknown): key is number {
  return isCount(key) && key >= firstPackId && key < packIdsAllowed
}

function isRuns(value: unknown): value is Uint32Array<ArrayBuffer> {
  return isOfKind(value, 'Uint32Array')
}

export function isPackRecord(value: unknown): value is PackRecord {
  if (!isObject(value)) return false
  const { runs, bytes } = value
  if (!isRuns(runs) || !isBytes(bytes) || runs.length % 3 !== 0) return false
  let blocks = 0
  for (let at = 0; at < runs.length; at += 3) {
    const [, first = 0, count = 0] = runs.subarray(at, at + 3)
    if (first + count > blocksAllowed) return false
    blocks += count
  }
  return bytes.length === blocks * blockBytes
}

/** The key of a block's record. */
export function isRecordKey(key: unknown): key is [fileId: number, block: number] {
  return Array.isArray(key) && key.length === 2 && isFileId(key[0]) && isCount(key[1]) && key[1] < blocksAllowed
}
