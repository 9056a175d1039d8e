/** What is stored, as the open store knows it: every path, where each block is, and how alive each pack is. */
import { firstPackId, inRecord, nowhere } from './format.ts'
import type { BlockLocation, FormatRecord } from './format.ts'
import type { JournalRecord, LastPage } from './journal.ts'
import { createOutcomeLog } from './outcome-log.ts'
import type { OutcomeLog } from './outcome-log.ts'
import type { PendingChanges } from './plan-flush.ts'
import { replaceSum } from './sums.ts'
import type { Sums } from './sums.ts'

/** A stored file. Ids are never used twice, so blocks of a removed file can never be taken for another's. */
export interface StoredFile {
  readonly id: number
  size: number
  /** Where each block is, by its number. It may be longer than the file: a cut leaves zero blocks behind. */
  readonly blocks: BlockLocation[]
  /** The sum of each block that is not zero, by its number. */
  readonly sums: Map<number, bigint>
  /** The sum of all of them. */
  sum: bigint
}

/** A stored path: a file or a directory. */
export type StoredEntry = StoredFile | 'dir'

/** How much of a pack is still the newest version of its blocks. */
export interface StoredPack {
  readonly blocks: number
  live: number
}

/** The state of the store after its last flush. */
export interface StoreIndex {
  readonly sums: Sums
  /** Whether what is stored has sums; a store of an earlier release gets them with its first flush. */
  hasSums: boolean
  /** What the store says of itself; absent while it is empty. */
  format: FormatRecord | undefined
  readonly entries: Map<string, StoredEntry>
  /** The sum of all entries. */
  root: bigint
  /** The sum of the last flush. */
  last: bigint
  readonly packs: Map<number, StoredPack>
  /** How many blocks have a record of their own. */
  records: number
  nextFileId: number
  nextPackId: number
  /** The number of the last flush; the next one takes the number after it, which only one writer can. */
  count: number
  /** Who made the last flush. */
  writer: string | undefined
  /** Flushes up to this number are in the blocks above, later ones in the journal. */
  folded: number
  /** What the journal holds on top of the blocks, in order. */
  journal: PendingChanges[]
  journalBytes: number
  lastPage: LastPage | undefined
  /** The first flush of each writer, in order. */
  starts: number[]
  /** How requests ended whose tabs may still ask. */
  readonly outcomes: OutcomeLog
}

/** The index of an empty store. */
export function createStoreIndex(sums: Sums): StoreIndex {
  return {
    sums,
    hasSums: true,
    format: undefined,
    entries: new Map(),
    root: 0n,
    last: 0n,
    packs: new Map(),
    records: 0,
    nextFileId: 1,
    nextPackId: firstPackId,
    count: 0,
    writer: undefined,
    folded: 0,
    journal: [],
    journalBytes: 0,
    lastPage: undefined,
    starts: [],
    outcomes: createOutcomeLog(),
  }
}

/** Notes a flush that is stored. */
export function countFlush(index: StoreIndex, number: number, { writer, sum }: JournalRecord): void {
  if (index.writer !== writer) index.starts.push(number)
  index.count = number
  index.writer = writer
  if (sum !== undefined) index.last = sum
}

/** Notes the sum of a block. */
export function setBlockSum(file: Pick<StoredFile, 'sums'> & { sum: bigint }, block: number, sum: bigint): void {
  file.sum = replaceSum(file.sum, file.sums.get(block) ?? 0n, sum)
  if (sum === 0n) file.sums.delete(block)
  else file.sums.set(block, sum)
}

/** Whether bytes that were read from the store are those of a block. */
export function isBlock(sums: Sums, { id, sums: known }: StoredFile, block: number, bytes: Uint8Array): boolean {
  return sums.block(id, block, bytes) === (known.get(block) ?? 0n)
}

/** Where a block is. */
export function locationOf(file: StoredFile | undefined, block: number): BlockLocation {
  return file?.blocks[block] ?? nowhere
}

/** Notes that a block is now somewhere else. */
export function moveBlock(index: StoreIndex, file: StoredFile, block: number, to: BlockLocation): void {
  leave(index, locationOf(file, block))
  while (file.blocks.length < block) file.blocks.push(nowhere)
  file.blocks[block] = to
  if (to === inRecord) index.records += 1
  const pack = index.packs.get(to)
  if (pack) pack.live += 1
}

/** Notes that a file's blocks are gone. */
export function dropBlocks(index: StoreIndex, file: StoredFile): void {
  for (const location of file.blocks) leave(index, location)
}

function leave(index: StoreIndex, location: BlockLocation): void {
  if (location === inRecord) index.records -= 1
  const pack = index.packs.get(location)
  if (pack) pack.live -= 1
}
