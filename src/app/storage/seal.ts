/** Gives what a store holds its sums, and tells whether they still fit. */
import { formatVersion, metaKeys } from './format.ts'
import type { EntryRecord, FormatRecord, SumsRecord } from './format.ts'
import type { JournalRecord } from './journal.ts'
import type { StoredFile } from './store-index.ts'
import type { Sums } from './sums.ts'

/** A record with its sum. */
export type SealedRecord = JournalRecord & { readonly sum: bigint }

/**
 * Gives a record its sum, which goes on from that of the record before it: none can be changed, moved, left out or put in
 * without those behind it telling.
 *
 * @param last - The sum of the record before; of a flush into blocks, that of the blocks.
 */
export function sealRecord(sums: Sums, last: bigint, number: number, record: JournalRecord): SealedRecord {
  return { ...record, sum: sums.value(last, [number, record]) }
}

/** Whether a record is what was stored under its number. */
export function isSealed(sums: Sums, last: bigint, number: number, { sum, ...record }: JournalRecord): boolean {
  return sum === sums.value(last, [number, record])
}

/**
 * Whether a record without a sum is the mark of a leader of a release that knew none, which it left in the moment in which
 * another one gave the store sums. It changes nothing.
 */
export function isOldMark(record: JournalRecord): boolean {
  return Object.keys(record).length === 1 && record.writer.length === crypto.randomUUID().length
}

/** The sum that the record of a flush into blocks goes on from. */
export function blocksSum(sums: Sums, { folded, root, nextFileId }: SumsRecord): bigint {
  return sums.value(root, [folded, nextFileId])
}

/** The sum of an entry. */
export function entrySum(sums: Sums, path: string, entry: EntryRecord): bigint {
  return sums.value(0n, 'dir' in entry ? [path] : [path, entry.id, entry.size, entry.sum])
}

/** What is stored of an entry. */
export function toEntryRecord(entry: Pick<StoredFile, 'id' | 'size' | 'sum'> | 'dir'): EntryRecord {
  return entry === 'dir' ? { dir: true } : { id: entry.id, size: entry.size, sum: entry.sum }
}

/** What a store says of itself, with a sum of that. */
export function sealFormat(sums: Sums, { postgres, origin }: Pick<FormatRecord, 'postgres' | 'origin'>): FormatRecord {
  const format = { version: formatVersion, postgres, origin }
  return { ...format, sum: formatSum(sums, format) }
}

/** Whether a store says of itself what was stored. */
export function isFormatSealed(sums: Sums, { sum, ...format }: FormatRecord): boolean {
  return sum === formatSum(sums, format)
}

function formatSum(sums: Sums, format: FormatRecord): bigint {
  return sums.value(0n, [metaKeys.format, format])
}
