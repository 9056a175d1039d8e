/** Puts a store together of what was read, and notices whatever of that is not what was stored. */
import { isBytes } from './bytes.ts'
import type { Damage } from './damaged-store.ts'
import {
  blockBytes,
  firstSummedVersion,
  inRecord,
  isCount,
  isEntryRecord,
  isFormatRecord,
  isPackId,
  isPackRecord,
  isRecordKey,
  isSumsRecord,
  nowhere,
  sumsKey,
} from './format.ts'
import type { PackRecord, SumsRecord } from './format.ts'
import { changedBytes, fromJournal, isJournalRecord } from './journal.ts'
import { packRuns } from './pack.ts'
import { replay } from './replay.ts'
import type { StoredFiles } from './replay.ts'
import { blocksSum, entrySum, isFormatSealed, isOldMark, isSealed, toEntryRecord } from './seal.ts'
import { countFlush, createStoreIndex, locationOf, moveBlock, setBlockSum } from './store-index.ts'
import type { StoredFile, StoreIndex } from './store-index.ts'
import { addSums } from './sums.ts'
import type { Sums } from './sums.ts'

/** A store as it is on disk. */
export interface StoreContents {
  readonly index: StoreIndex
  /** Every path with the bytes of its file, parents first. */
  readonly files: StoredFiles
}

/** Told of everything that is not what was stored. */
type DamageListener = (damage: Damage) => void

/** A key with its value, or with the error of the browser for a value that it lost. */
export type ReadValue = readonly [key: IDBValidKey, value: unknown]

/** What a store has, and what of that is small. */
export interface StoreKeys {
  readonly format: unknown
  readonly folded: unknown
  readonly flushes: readonly IDBValidKey[]
  readonly paths: readonly IDBValidKey[]
  readonly entries: readonly unknown[]
  readonly packs: readonly IDBValidKey[]
  readonly records: readonly IDBValidKey[]
}

/** All that a store has. */
export interface StoreValues {
  readonly keys: StoreKeys
  readonly journal: readonly ReadValue[]
  readonly packs: readonly ReadValue[]
  readonly records: readonly ReadValue[]
}

/**
 * Puts a store together.
 *
 * @param isTolerant - Whether what can still be understood is wanted of a store that is damaged.
 * @returns The store, and each thing that is not what was stored.
 */
export function assembleStore(
  sums: Sums,
  { keys, journal, packs, records }: StoreValues,
  isTolerant: boolean,
): { readonly contents: StoreContents; readonly damages: readonly Damage[] } {
  const damages: Damage[] = []
  const damaged: DamageListener = (damage) => damages.push(damage)
  const index = createStoreIndex(sums)
  const packsById = takePacks(packs, damaged)
  const recordsByKey = takeRecords(records, damaged)
  const isListed = takeNames(index, keys, damaged)
  // A size that is not what was stored might be that of the whole memory.
  if (!isListed && !isTolerant) return { contents: { index, files: new Map() }, damages }
  const { files, fileById } = takeEntries(index, keys, isListed ? undefined : blockEnds(packsById, recordsByKey))
  takeBlocks(index, fileById, packsById, recordsByKey, damaged)
  takeJournal(index, journal, isTolerant, damaged)
  const isReplayed = index.journal.length > 0 && (damages.length === 0 || isTolerant)
  return { contents: { index, files: isReplayed ? replay(index, files) : files }, damages }
}

/** A file as it is put together. */
interface ReadFile {
  readonly path: string
  readonly stored: StoredFile
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The sum its entry tells. */
  readonly statedSum: bigint | undefined
}

/**
 * Takes over what a store says of itself, and compares the names and sizes of its files with what the last flush into
 * blocks left.
 *
 * @returns Whether those are what was stored.
 */
function takeNames(index: StoreIndex, { format, folded, paths, entries }: StoreKeys, damaged: DamageListener): boolean {
  const { sums } = index
  if (isCount(folded)) index.folded = folded
  else if (folded !== undefined || entries.length > 0) damaged({ what: 'no flush counter' })
  if (isFormatRecord(format)) {
    index.format = format
    index.hasSums = format.version >= firstSummedVersion
    if (index.hasSums && !isFormatSealed(sums, format)) damaged({ what: 'an unknown format record' })
  } else if (format !== undefined || entries.length > 0) damaged({ what: 'no format record' })

  let stated: SumsRecord | undefined
  let root = 0n
  let isKnown = true
  for (const [at, path] of paths.entries()) {
    const entry = entries[at]
    if (path === sumsKey && isSumsRecord(entry)) stated = entry
    else if (typeof path === 'string' && isEntryRecord(entry)) root = addSums(root, entrySum(sums, path, entry))
    else isKnown = false
  }
  const shouldHaveSums = index.hasSums && index.format !== undefined
  if (shouldHaveSums !== (stated?.folded === index.folded)) damaged({ what: 'no sums of its own' })
  if (stated) {
    index.root = root
    index.nextFileId = stated.nextFileId
    index.last = blocksSum(sums, stated)
    isKnown &&= stated.root === root
  }
  if (!isKnown) damaged({ what: 'another list of files' })
  return isKnown && (stated !== undefined || !shouldHaveSums)
}

/** @param ends - How far the blocks of each file go, where no size can be trusted. */
function takeEntries(
  index: StoreIndex,
  { paths, entries }: StoreKeys,
  ends: ReadonlyMap<number, number> | undefined,
): { readonly files: StoredFiles; readonly fileById: Map<number, ReadFile> } {
  const files: StoredFiles = new Map()
  const fileById = new Map<number, ReadFile>()
  for (const [at, path] of paths.entries()) {
    const entry = entries[at]
    if (typeof path !== 'string' || !isEntryRecord(entry)) continue
    if ('dir' in entry) {
      index.entries.set(path, 'dir')
      files.set(path, 'dir')
      continue
    }
    const { id, sum: statedSum } = entry
    const size = ends ? Math.min(entry.size, Math.max(ends.get(id) ?? 0, sizeBelieved)) : entry.size
    const stored: StoredFile = { id, size, blocks: [], sums: new Map(), sum: 0n }
    const bytes = new Uint8Array(size)
    index.entries.set(path, stored)
    files.set(path, bytes)
    fileById.set(id, { path, stored, bytes, statedSum })
    if (!index.hasSums) noteFileId(index, id)
  }
  return { files, fileById }
}

/** A size that a file may have without a block, in a list that is damaged: that of a segment of the WAL. */
const sizeBelieved = 1024 * 1024

function blockEnds(
  packs: readonly [id: number, pack: PackRecord][],
  records: readonly [key: [number, number], bytes: Uint8Array][],
): Map<number, number> {
  const ends = new Map<number, number>()
  const note = (fileId: number, end: number): void => {
    ends.set(fileId, Math.max(end * blockBytes, ends.get(fileId) ?? 0))
  }
  for (const [, pack] of packs) for (const { fileId, first, count } of packRuns(pack)) note(fileId, first + count)
  for (const [[fileId, block]] of records) note(fileId, block + 1)
  return ends
}

function noteFileId(index: StoreIndex, id: number): void {
  index.nextFileId = Math.max(index.nextFileId, id + 1)
}

/** Lays the blocks into their files and sums up those that count. */
function takeBlocks(
  index: StoreIndex,
  fileById: ReadonlyMap<number, ReadFile>,
  packs: readonly [id: number, pack: PackRecord][],
  records: readonly [key: [number, number], bytes: Uint8Array][],
  damaged: DamageListener,
): void {
  const { sums, hasSums, nextFileId } = index
  // Oldest first: what is newer lies over it.
  for (const [id, pack] of packs) {
    index.nextPackId = Math.max(index.nextPackId, id + 1)
    index.packs.set(id, { blocks: pack.bytes.length / blockBytes, live: 0 })
    for (const { fileId, first, count, bytes } of packRuns(pack)) {
      noteFileId(index, fileId)
      const file = fileById.get(fileId)
      if (!file) continue
      for (let block = first; block < first + count; block += 1) moveBlock(index, file.stored, block, id)
      const start = first * blockBytes
      if (start < file.bytes.length) file.bytes.set(bytes.subarray(0, file.bytes.length - start), start)
    }
  }
  for (const [[fileId, block], bytes] of records) {
    noteFileId(index, fileId)
    const file = fileById.get(fileId)
    if (!file) continue
    const start = block * blockBytes
    const isOver = locationOf(file.stored, block) !== nowhere
    moveBlock(index, file.stored, block, inRecord)
    setBlockSum(file.stored, block, sums.block(fileId, block, bytes))
    if (start >= file.bytes.length) continue
    if (isOver) file.bytes.fill(0, start, start + blockBytes)
    file.bytes.set(bytes.subarray(0, file.bytes.length - start), start)
  }
  // What is behind the end of a file counts as well, or it would appear when that grows.
  for (const [id, pack] of packs) {
    for (const { fileId, first, count, bytes } of packRuns(pack)) {
      const stored = fileById.get(fileId)?.stored
      for (let at = 0; stored && at < count; at += 1) {
        if (locationOf(stored, first + at) !== id) continue
        const block = bytes.subarray(at * blockBytes, (at + 1) * blockBytes)
        setBlockSum(stored, first + at, sums.block(fileId, first + at, block))
      }
    }
  }
  for (const { path, stored, statedSum } of fileById.values()) {
    if (hasSums && statedSum !== stored.sum) damaged({ what: 'changed bytes', path })
    if (!hasSums) index.root = addSums(index.root, entrySum(sums, path, toEntryRecord(stored)))
  }
  if (!hasSums) {
    for (const [path, entry] of index.entries) {
      if (entry === 'dir') index.root = addSums(index.root, entrySum(sums, path, toEntryRecord(entry)))
    }
  }
  // The next file would get a number that is taken, and with it blocks of another one.
  if (hasSums && index.nextFileId > nextFileId) damaged({ what: 'blocks of an unknown file' })
}

/** Puts the flushes that are not in the blocks yet into the index. A gap would mean that one is lost. */
function takeJournal(
  index: StoreIndex,
  journal: readonly ReadValue[],
  isTolerant: boolean,
  damaged: DamageListener,
): void {
  const { sums, hasSums, folded } = index
  for (const [number, record] of journal) {
    if (!isCount(number) || !isJournalRecord(record) || (number > folded && number !== index.count + 1)) {
      damaged({ what: 'flushes that are missing or cannot be read', isLatest: true })
      return
    }
    if (number < folded) {
      // What a flush into blocks left of the journal are the first flushes of writers.
      index.starts.push(number)
      index.count = number
      if (hasSums && (record.changes || record.outcomes)) damaged({ what: 'a flush in the wrong place' })
      continue
    }
    const isMark = number > folded && isOldMark(record)
    // Without the sum of the blocks there is none for the first record to go on from, which was told already.
    const isFirst = number === folded && index.last === 0n
    if (hasSums && !isMark && !isFirst && !isSealed(sums, index.last, number, record)) {
      damaged({ what: 'changed bytes in its newest flushes', isLatest: true })
      if (!isTolerant) return
    }
    index.outcomes.add(record.outcomes ?? [])
    countFlush(index, number, record)
    if (!record.changes || number === folded) continue
    const changes = fromJournal(record.changes)
    index.journal.push(...changes)
    index.journalBytes += changedBytes(changes)
  }
  if (index.count < folded) damaged({ what: 'no last flush', isLatest: true })
}

function takePacks(values: readonly ReadValue[], damaged: DamageListener): [id: number, pack: PackRecord][] {
  const packs: [number, PackRecord][] = []
  for (const [id, pack] of values) {
    if (isPackId(id) && isPackRecord(pack)) packs.push([id, pack])
    else damaged({ what: 'a pack of blocks that cannot be read' })
  }
  return packs.sort(([left], [right]) => left - right)
}

function takeRecords(
  values: readonly ReadValue[],
  damaged: DamageListener,
): [key: [number, number], bytes: Uint8Array][] {
  const records: [[number, number], Uint8Array][] = []
  for (const [key, bytes] of values) {
    if (isRecordKey(key) && isBytes(bytes) && bytes.length <= blockBytes) records.push([key, bytes])
    else damaged({ what: 'a block that cannot be read' })
  }
  return records
}
