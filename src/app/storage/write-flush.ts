/** Writes flushes, each as one IndexedDB transaction, and brings the index up to date once it is stored. */
import { isBytes, withoutTrailingZeros } from './bytes.ts'
import { damagedStore } from './damaged-store.ts'
import { blockBytes, inRecord, isPackRecord, metaKeys, nowhere, sumsKey } from './format.ts'
import { requestResult } from './indexed-db.ts'
import { changedBytes, toJournal } from './journal.ts'
import { encodePack, findInPack } from './pack.ts'
import type { JournalRecord } from './journal.ts'
import type { KeptOutcome } from './outcome-log.ts'
import { planFlush } from './plan-flush.ts'
import { blocksSum, entrySum, sealFormat, sealRecord, toEntryRecord } from './seal.ts'
import { countFlush, dropBlocks, isBlock, locationOf, moveBlock, setBlockSum } from './store-index.ts'
import { replaceSum } from './sums.ts'
import { readStores, runStoreTransaction } from './transaction.ts'
import type { EntryRecord, FormatRecord, SumsRecord } from './format.ts'
import type { StoreLimits } from './pack.ts'
import type { BlockDraft, FileDraft, FlushPlan, PendingChanges } from './plan-flush.ts'
import type { StoredFile, StoreIndex } from './store-index.ts'
import type { OpenStore, StoreOf, WriteOptions } from './transaction.ts'

/** A block ready to be written. */
interface ReadyBlock {
  readonly draft: FileDraft
  readonly fileId: number
  readonly block: number
  readonly bytes: Uint8Array
  readonly sum: bigint
}

/** What a flush needs to know beside its plan. */
export interface FlushOptions extends WriteOptions {
  readonly writer: string
  readonly origin: FormatRecord['origin']
  readonly limits: StoreLimits
}

/** First flushes of writers that are remembered; a writer that slept through so many others is not expected to wake. */
const startsKept = 1000

/** Adds changes to the journal: one value, and not a single answer to wait for. */
export async function appendFlush(
  open: OpenStore,
  index: StoreIndex,
  pending: readonly PendingChanges[],
  options: FlushOptions,
): Promise<void> {
  const { writer } = options
  const number = index.count + 1
  const { changes, lastPage } = toJournal(pending, index.lastPage)
  const outcomes = outcomesOf(pending)
  const unsealed: JournalRecord = { writer, changes, ...(outcomes.length > 0 && { outcomes }) }
  const record = sealRecord(index.sums, index.last, number, unsealed)
  await runStoreTransaction(open, number, record, options)
  countFlush(index, number, record)
  index.outcomes.add(outcomes)
  index.journal.push(...pending)
  index.journalBytes += changedBytes(pending)
  index.lastPage = lastPage
}

const outcomesOf = (pending: readonly PendingChanges[]): KeptOutcome[] =>
  pending.flatMap(({ outcomes = [] }) => outcomes)

/** Whether the journal should be put into blocks. */
export function needsFold(index: StoreIndex, limits: StoreLimits): boolean {
  return index.journalBytes > limits.journalBytesAllowed || index.count - index.folded > limits.journalFlushesAllowed
}

/** Puts the journal, and changes on top of it, into blocks. When it throws, neither store nor index has changed. */
export async function foldFlush(
  open: OpenStore,
  index: StoreIndex,
  pending: readonly PendingChanges[],
  options: FlushOptions,
): Promise<void> {
  const { writer } = options
  const { packFromBlocks, packMaxBlocks } = options.limits
  const plan = planFlush(index, [...index.journal, ...pending])
  const number = index.count + 1
  // A writer that was pushed aside is stopped by the first flush of whoever came after it, so those stay.
  const starts = index.writer === writer ? index.starts : [...index.starts, number]
  const [forgotten, kept] = [starts.slice(0, -startsKept), starts.slice(-startsKept)]
  const deadPacks = [...index.packs].filter(([, pack]) => pack.live === 0).map(([id]) => id)
  const records: ReadyBlock[] = []
  const packs: { readonly id: number; readonly blocks: ReadyBlock[] }[] = []
  const ready = await readyBlocks(open, index, plan)
  const { root, entries, removed } = sumEntries(index, plan, ready)
  const sums: SumsRecord = { folded: number, root, nextFileId: index.nextFileId }
  const format = formatAfter(index, plan, options)

  // The records that held them go.
  index.outcomes.add(outcomesOf(pending))
  const outcomes = index.outcomes.all()
  const record = sealRecord(index.sums, blocksSum(index.sums, sums), number, { writer, outcomes })
  await runStoreTransaction(open, number, record, options, (store) => {
    const stores = { meta: store('meta'), entries: store('entries'), records: store('records'), packs: store('packs') }
    const journal = store('journal')
    journal.delete(IDBKeyRange.bound(index.folded, number, false, true))
    for (const start of kept) if (start >= index.folded && start < number) journal.put({ writer: '' }, start)
    for (const start of forgotten) journal.delete(start)
    stores.meta.put(number, metaKeys.folded)
    if (format && format !== index.format) stores.meta.put(format, metaKeys.format)
    stores.entries.put(sums, sumsKey)
    for (const id of deadPacks) stores.packs.delete(id)
    for (const file of plan.dropped) {
      if (file.blocks.includes(inRecord)) stores.records.delete(IDBKeyRange.bound([file.id], [file.id, Infinity]))
    }
    for (const path of removed) stores.entries.delete(path)
    for (const [path, entry] of entries) stores.entries.put(entry, path)

    // Zeros need a record only where something else is stored; a pack never holds them.
    const filled: ReadyBlock[] = []
    for (const block of ready) {
      if (block.sum !== 0n) filled.push(block)
      else if (locationOf(block.draft.stored, block.block) !== nowhere) records.push(block)
    }
    if (filled.length < packFromBlocks) records.push(...filled)
    else {
      for (let at = 0; at < filled.length; at += packMaxBlocks) {
        packs.push({ id: index.nextPackId++, blocks: filled.slice(at, at + packMaxBlocks) })
      }
    }
    for (const { fileId, block, bytes } of records) stores.records.put(withoutTrailingZeros(bytes), [fileId, block])
    for (const { id, blocks } of packs) {
      stores.packs.put(encodePack(blocks), id)
      for (const { draft, fileId, block } of blocks) {
        if (locationOf(draft.stored, block) === inRecord) stores.records.delete([fileId, block])
      }
    }
  })

  // Stored. From here on nothing can fail.
  countFlush(index, number, record)
  index.hasSums = true
  index.format = format
  index.root = root
  index.starts = [...kept]
  index.folded = number
  index.journal = []
  index.journalBytes = 0
  index.lastPage = undefined
  for (const id of deadPacks) index.packs.delete(id)
  for (const file of plan.dropped) dropBlocks(index, file)
  const files = new Map<FileDraft, StoredFile>()
  for (const [path, draft] of plan.entries) {
    if (draft === undefined) index.entries.delete(path)
    else if (draft === 'dir') index.entries.set(path, draft)
    else {
      const file = draft.stored ?? { id: draft.id, size: draft.size, blocks: [], sums: new Map(), sum: 0n }
      file.size = draft.size
      files.set(draft, file)
      index.entries.set(path, file)
    }
  }
  const move = ({ draft, block, sum }: ReadyBlock, to: number): void => {
    const file = files.get(draft)
    if (!file) return
    moveBlock(index, file, block, to)
    setBlockSum(file, block, sum)
  }
  for (const ready of records) move(ready, inRecord)
  for (const { id, blocks } of packs) {
    index.packs.set(id, { blocks: blocks.length, live: 0 })
    for (const ready of blocks) move(ready, id)
  }
}

/** What a flush makes of the entries. */
interface SummedEntries {
  readonly root: bigint
  /** Those that are to be written. */
  readonly entries: ReadonlyMap<string, EntryRecord>
  readonly removed: readonly string[]
}

function sumEntries(index: StoreIndex, plan: FlushPlan, ready: readonly ReadyBlock[]): SummedEntries {
  const { sums } = index
  const sumByDraft = new Map<FileDraft, bigint>()
  for (const { draft, block, sum } of ready) {
    const { stored } = draft
    const before = sumByDraft.get(draft) ?? stored?.sum ?? 0n
    sumByDraft.set(draft, replaceSum(before, stored?.sums.get(block) ?? 0n, sum))
  }
  let root = index.root
  const entries = new Map<string, EntryRecord>()
  const removed: string[] = []
  if (!index.hasSums) for (const [path, stored] of index.entries) entries.set(path, toEntryRecord(stored))
  for (const [path, draft] of plan.entries) {
    const stored = index.entries.get(path)
    const before = stored && entrySum(sums, path, toEntryRecord(stored))
    if (draft === undefined) {
      removed.push(path)
      entries.delete(path)
      root = replaceSum(root, before ?? 0n, 0n)
      continue
    }
    const sum = draft === 'dir' ? 0n : (sumByDraft.get(draft) ?? draft.stored?.sum ?? 0n)
    const entry = toEntryRecord(draft === 'dir' ? 'dir' : { id: draft.id, size: draft.size, sum })
    const after = entrySum(sums, path, entry)
    if (after !== before) entries.set(path, entry)
    root = replaceSum(root, before ?? 0n, after)
  }
  return { root, entries, removed }
}

/** What the store says of itself after the flush; the file that tells the version of Postgres is written first of all. */
function formatAfter(index: StoreIndex, plan: FlushPlan, { origin }: FlushOptions): FormatRecord | undefined {
  const version = plan.entries.get('/PG_VERSION')
  if (version !== undefined && version !== 'dir') {
    const postgres = new TextDecoder().decode(version.blocks.get(0)?.patches[0]?.data).trim()
    return sealFormat(index.sums, { postgres, origin })
  }
  return index.hasSums || !index.format ? index.format : sealFormat(index.sums, index.format)
}

/** Every drafted block with its final bytes; asks the store only where a part of a block was written. */
async function readyBlocks(open: OpenStore, index: StoreIndex, plan: FlushPlan): Promise<ReadyBlock[]> {
  const drafts: (Omit<ReadyBlock, 'bytes' | 'sum'> & { readonly path: string; readonly blockDraft: BlockDraft })[] = []
  for (const [path, draft] of plan.entries) {
    if (draft === undefined || draft === 'dir') continue
    for (const [block, blockDraft] of draft.blocks) drafts.push({ path, draft, fileId: draft.id, block, blockDraft })
  }
  const isAsking = drafts.some(({ blockDraft }) => blockDraft.base !== nowhere)
  const bases = isAsking ? await readStores(open, ['records', 'packs'], (store) => readBases(store, drafts)) : []
  return drafts.map(({ path, draft, fileId, block, blockDraft }, at) => {
    const base = bases[at]
    // What was damaged since it was read must not become right by a new sum.
    if (blockDraft.base !== nowhere && !(base && draft.stored && isBlock(index.sums, draft.stored, block, base))) {
      throw damagedStore(`has other bytes in ${path} than were stored`)
    }
    const bytes = layOver(base, blockDraft)
    return { draft, fileId, block, bytes, sum: index.sums.block(fileId, block, bytes) }
  })
}

/** What is stored of blocks, in their order. */
function readBases(
  store: StoreOf,
  blocks: readonly { readonly fileId: number; readonly block: number; readonly blockDraft: BlockDraft }[],
): Promise<(Uint8Array | undefined)[]> {
  const packs = new Map<number, Promise<unknown>>()
  return Promise.all(
    blocks.map(async ({ fileId, block, blockDraft: { base } }) => {
      if (base === nowhere) return undefined
      if (base === inRecord) {
        const value: unknown = await requestResult<unknown>(store('records').get([fileId, block]))
        return isBytes(value) ? value : undefined
      }
      const reading = packs.get(base) ?? requestResult<unknown>(store('packs').get(base))
      packs.set(base, reading)
      const pack = await reading
      return isPackRecord(pack) ? findInPack(pack, fileId, block) : undefined
    }),
  )
}

function layOver(base: Uint8Array | undefined, { patches }: BlockDraft): Uint8Array {
  const [only, ...others] = patches
  if (only?.at === 0 && others.length === 0 && base === undefined) return only.data
  const bytes = new Uint8Array(blockBytes)
  if (base) bytes.set(base)
  for (const { at, data } of patches) bytes.set(data, at)
  return bytes
}
