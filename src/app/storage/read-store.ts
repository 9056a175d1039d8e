/** Reads a whole store: the index, and the files when they are wanted. */
import { TypystDbError } from '../../errors.ts'
import {
  blockBytes,
  firstPackId,
  inRecord,
  isEntryRecord,
  isPackRecord,
  isRecordKey,
  nowhere,
  storeNames,
} from './format.ts'
import { requestResult } from './indexed-db.ts'
import { packRuns } from './pack.ts'
import { createStoreIndex, moveBlock } from './store-index.ts'
import { readSequence } from './transaction.ts'
import type { PackRecord } from './format.ts'
import type { StoredFile, StoreIndex } from './store-index.ts'
import type { SequenceRecord } from './transaction.ts'

/** Records fetched at a time: 16 MB at most, well below what a browser moves in one message. */
const recordsPerRead = 2048

/** A store as it is on disk. */
export interface StoreContents {
  readonly index: StoreIndex
  /** The bytes of each file by its path. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>>
}

/**
 * Reads everything in one transaction, the packs in parallel.
 *
 * @param onDamage - Called for each record that is not what the format says, which is then left out.
 * @throws TypystDbError `STORAGE_DAMAGED` for such a record, unless `onDamage` is given.
 */
export async function readStore(database: IDBDatabase, onDamage?: () => void): Promise<StoreContents> {
  const damaged = (what: string): void => {
    if (!onDamage) throw damagedStore(what)
    onDamage()
  }
  const transaction = database.transaction(Object.values(storeNames), 'readonly')
  const store = (name: string): IDBObjectStore => transaction.objectStore(name)
  const [sequence, paths, entries, packs, records]: [
    SequenceRecord | undefined,
    IDBValidKey[],
    unknown[],
    [number, PackRecord][],
    [[number, number], Uint8Array][],
  ] = await Promise.all([
    readSequence(store('meta')),
    requestResult(store('entries').getAllKeys()),
    requestResult(store('entries').getAll()),
    readPacks(store('packs'), damaged),
    readRecords(store('records'), damaged),
  ])

  const index = createStoreIndex()
  index.sequence = sequence
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  const fileById = new Map<number, { readonly stored: StoredFile; readonly bytes: Uint8Array<ArrayBuffer> }>()
  for (const [at, path] of paths.entries()) {
    const entry = entries[at]
    if (typeof path !== 'string' || !isEntryRecord(entry)) {
      damaged('an entry')
      continue
    }
    if ('dir' in entry) {
      index.entries.set(path, 'dir')
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
  return { index, files }
}

type DamageListener = (what: string) => void

async function readPacks(store: IDBObjectStore, damaged: DamageListener): Promise<[id: number, pack: PackRecord][]> {
  const ids = await requestResult(store.getAllKeys())
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
  damaged: DamageListener,
): Promise<[key: [number, number], bytes: Uint8Array][]> {
  const records: [[number, number], Uint8Array][] = []
  for (let range: IDBKeyRange | undefined; ;) {
    const [keys, values]: [IDBValidKey[], unknown[]] = await Promise.all([
      requestResult(store.getAllKeys(range, recordsPerRead)),
      requestResult(store.getAll(range, recordsPerRead)),
    ])
    for (const [at, key] of keys.entries()) {
      const bytes = values[at]
      if (!isRecordKey(key) || !(bytes instanceof Uint8Array) || bytes.length > blockBytes) damaged('a block')
      else records.push([key, bytes])
    }
    const last = keys.at(-1)
    if (keys.length < recordsPerRead || last === undefined) return records
    range = IDBKeyRange.lowerBound(last, true)
  }
}

function damagedStore(what: string): TypystDbError {
  return new TypystDbError(
    'STORAGE_DAMAGED',
    `The stored database holds ${what} of an unknown shape and is left untouched. Save its raw bytes with exportRaw(), then delete it.`,
  )
}
