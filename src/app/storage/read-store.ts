/** Reads a whole store: the index, and the files when they are wanted. */
import { TypystDbError } from '../../errors.ts'
import {
  blockBytes,
  firstPackId,
  inRecord,
  isCount,
  isEntryRecord,
  isPackRecord,
  isRecordKey,
  metaKeys,
  nowhere,
} from './format.ts'
import { requestResult } from './indexed-db.ts'
import { changedBytes, fromJournal, isJournalRecord } from './journal.ts'
import { inUse } from './next-flush.ts'
import { packRuns } from './pack.ts'
import { replay } from './replay.ts'
import { countFlush, createStoreIndex, moveBlock } from './store-index.ts'
import type { PackRecord } from './format.ts'
import type { StoredFiles } from './replay.ts'
import type { StoredFile, StoreIndex } from './store-index.ts'
import { readStores } from './transaction.ts'
import type { OpenStore, StoreOf } from './transaction.ts'

/** Records fetched at a time: 16 MB at most, well below what a browser moves in one message. */
const recordsPerRead = 2048

/** The same for the journal, whose records may be 0.5 MB. */
const flushesPerRead = 32

/** A leader that was deposed while it opened may leave its mark in between, and no more than that. */
const attempts = 3

const allStores = ['meta', 'entries', 'records', 'packs', 'journal'] as const

/** A store as it is on disk. */
export interface StoreContents {
  readonly index: StoreIndex
  /** Every path with the bytes of its file, parents first. */
  readonly files: StoredFiles
}

/**
 * Reads everything: first what there is, then all of it in parallel.
 *
 * @param onDamage - Called for each record that is not what the format says, which is then left out.
 * @throws TypystDbError `STORAGE_DAMAGED` for such a record, unless `onDamage` is given; `DATABASE_IN_USE` when somebody
 *   else goes on storing meanwhile.
 */
export async function readStore(open: OpenStore, onDamage?: () => void): Promise<StoreContents> {
  const damaged = (what: string): void => {
    if (!onDamage) throw damagedStore(what)
    onDamage()
  }
  for (let left = attempts; left > 0; left -= 1) {
    const contents = await readUndisturbed(open, damaged)
    if (contents) return contents
  }
  throw inUse()
}

/** Reads everything, or gives nothing when somebody stored a flush meanwhile. */
async function readUndisturbed(open: OpenStore, damaged: DamageListener): Promise<StoreContents | undefined> {
  const keys = await readStores(open, allStores, readKeys)
  const { folded, paths, entries } = keys
  const [journal, packs, records, later] = await readStores(open, allStores, (store) =>
    Promise.all([
      readInBatches(store('journal'), keys.flushes, flushesPerRead),
      readPacks(store('packs'), keys.packs, damaged),
      readRecords(store('records'), keys.records, damaged),
      requestResult(store('journal').getKey(laterThan(keys.flushes))),
    ]),
  )
  if (later !== undefined) return undefined

  const index = createStoreIndex()
  if (isCount(folded)) index.folded = folded
  else if (folded !== undefined || entries.length > 0) damaged('a flush counter')
  const files: StoredFiles = new Map()
  const fileById = new Map<number, { readonly stored: StoredFile; readonly bytes: Uint8Array<ArrayBuffer> }>()
  for (const [at, path] of paths.entries()) {
    const entry = entries[at]
    if (typeof path !== 'string' || !isEntryRecord(entry)) {
      damaged('an entry')
      continue
    }
    if ('dir' in entry) {
      index.entries.set(path, 'dir')
      files.set(path, 'dir')
      continue
    }
    const stored: StoredFile = { id: entry.id, size: entry.size, blocks: [] }
    const bytes = new Uint8Array(entry.size)
    index.entries.set(path, stored)
    index.nextFileId = Math.max(index.nextFileId, entry.id + 1)
    files.set(path, bytes)
    fileById.set(entry.id, { stored, bytes })
  }

  // Oldest first: what is newer lies over it.
  for (const [id, pack] of packs) {
    index.nextPackId = Math.max(index.nextPackId, id + 1)
    index.packs.set(id, { blocks: pack.bytes.length / blockBytes, live: 0 })
    for (const { fileId, first, count, bytes } of packRuns(pack)) {
      index.nextFileId = Math.max(index.nextFileId, fileId + 1)
      const file = fileById.get(fileId)
      if (!file) continue
      for (let block = first; block < first + count; block += 1) moveBlock(index, file.stored, block, id)
      const start = first * blockBytes
      if (start < file.bytes.length) file.bytes.set(bytes.subarray(0, file.bytes.length - start), start)
    }
  }
  for (const [key, bytes] of records) {
    const [fileId, block] = key
    index.nextFileId = Math.max(index.nextFileId, fileId + 1)
    const file = fileById.get(fileId)
    if (!file) continue
    const start = block * blockBytes
    const isOver = file.stored.blocks[block] !== undefined && file.stored.blocks[block] !== nowhere
    moveBlock(index, file.stored, block, inRecord)
    if (start >= file.bytes.length) continue
    if (isOver) file.bytes.fill(0, start, start + blockBytes)
    file.bytes.set(bytes.subarray(0, file.bytes.length - start), start)
  }
  takeJournal(index, journal, damaged)
  return { index, files: index.journal.length === 0 ? files : replay(index, files) }
}

/** Puts the flushes that are not in the blocks yet into the index. A gap would mean that one is lost. */
function takeJournal(index: StoreIndex, journal: readonly [IDBValidKey, unknown][], damaged: DamageListener): void {
  for (const [number, record] of journal) {
    if (!isCount(number) || !isJournalRecord(record) || (number > index.folded && number !== index.count + 1)) {
      damaged('a flush')
      return
    }
    index.outcomes.add(record.outcomes ?? [])
    if (number <= index.folded) {
      // What a fold left of the journal are first flushes of writers, and its own.
      index.starts.push(number)
      index.count = number
      index.writer = record.writer
      continue
    }
    countFlush(index, number, record.writer)
    if (!record.changes) continue
    const changes = fromJournal(record.changes)
    index.journal.push(...changes)
    index.journalBytes += changedBytes(changes)
  }
  if (index.count < index.folded) damaged('a flush counter')
}

/** What {@link readKeys} found. */
interface StoreKeys {
  readonly folded: unknown
  readonly flushes: readonly IDBValidKey[]
  readonly paths: readonly IDBValidKey[]
  readonly entries: readonly unknown[]
  readonly packs: readonly IDBValidKey[]
  readonly records: readonly IDBValidKey[]
}

type DamageListener = (what: string) => void

/** What a store has, and what of that is small. */
async function readKeys(store: StoreOf): Promise<StoreKeys> {
  const [folded, flushes, paths, entries, packs, records] = await Promise.all([
    requestResult<unknown>(store('meta').get(metaKeys.folded)),
    requestResult(store('journal').getAllKeys()),
    requestResult(store('entries').getAllKeys()),
    requestResult<unknown[]>(store('entries').getAll()),
    requestResult(store('packs').getAllKeys()),
    requestResult(store('records').getAllKeys()),
  ])
  return { folded, flushes, paths, entries, packs, records }
}

/** Every write adds a flush, so one after those that are known tells that what is known is not all. */
function laterThan(flushes: readonly IDBValidKey[]): IDBKeyRange {
  return IDBKeyRange.lowerBound(flushes.at(-1) ?? 0, flushes.length > 0)
}

async function readPacks(
  store: IDBObjectStore,
  ids: readonly IDBValidKey[],
  damaged: DamageListener,
): Promise<[id: number, pack: PackRecord][]> {
  const packs: [number, PackRecord][] = []
  await Promise.all(
    ids.map(async (id) => {
      // A value whose file the browser lost fails to load, as something else than a pack.
      const pack: unknown = await requestResult<unknown>(store.get(id)).catch((cause: unknown) => cause)
      if (typeof id === 'number' && id >= firstPackId && isPackRecord(pack)) packs.push([id, pack])
      else damaged('a pack')
    }),
  )
  return packs.sort(([left], [right]) => left - right)
}

async function readRecords(
  store: IDBObjectStore,
  keys: readonly IDBValidKey[],
  damaged: DamageListener,
): Promise<[key: [number, number], bytes: Uint8Array][]> {
  const records: [[number, number], Uint8Array][] = []
  for (const [key, bytes] of await readInBatches(store, keys, recordsPerRead)) {
    if (!isRecordKey(key) || !(bytes instanceof Uint8Array) || bytes.length > blockBytes) damaged('a block')
    else records.push([key, bytes])
  }
  return records
}

async function readInBatches(
  store: IDBObjectStore,
  keys: readonly IDBValidKey[],
  perRead: number,
): Promise<[key: IDBValidKey, value: unknown][]> {
  const batches: Promise<unknown[]>[] = []
  for (let at = 0; at < keys.length; at += perRead) {
    batches.push(requestResult(store.getAll(IDBKeyRange.lowerBound(keys[at]), Math.min(perRead, keys.length - at))))
  }
  const values = (await Promise.all(batches)).flat()
  return keys.map((key, at) => [key, values[at]])
}

function damagedStore(what: string): TypystDbError {
  return new TypystDbError(
    'STORAGE_DAMAGED',
    `The stored database holds ${what} of an unknown shape and is left untouched. Save its raw bytes with exportRaw(), then delete it.`,
  )
}
