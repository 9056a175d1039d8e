/** Reads a whole store: asks for all of it at once, and again when somebody stored something meanwhile. */
import { assembleStore } from './assemble-store.ts'
import type { ReadValue, StoreContents, StoreKeys, StoreValues } from './assemble-store.ts'
import { damagesFound } from './damaged-store.ts'
import type { Damage } from './damaged-store.ts'
import { metaKeys } from './format.ts'
import { isValueLost, requestResult } from './indexed-db.ts'
import { inUse } from './next-flush.ts'
import { loadSums } from './sums.ts'
import { readStores } from './transaction.ts'
import type { OpenStore, StoreOf } from './transaction.ts'

/** Records fetched at a time: 16 MB at most, well below what a browser moves in one message. */
const recordsPerRead = 2048

/** The same for the journal, whose records may be 0.5 MB. */
const flushesPerRead = 32

/** A leader that was deposed while it opened may leave its mark in between, and no more than that. */
const attempts = 3

const allStores = ['meta', 'entries', 'records', 'packs', 'journal'] as const

/**
 * Reads everything: first what there is, then all of it in parallel.
 *
 * @param onDamage - Called for each thing that is not what was stored. What can still be understood is given all the same.
 * @throws TypystDbError `STORAGE_DAMAGED` for anything that is not what was stored, unless `onDamage` is given;
 *   `DATABASE_IN_USE` when somebody else goes on storing meanwhile.
 */
export async function readStore(open: OpenStore, onDamage?: (damage: Damage) => void): Promise<StoreContents> {
  const isTolerant = onDamage !== undefined
  const sums = await loadSums()
  for (let left = attempts; left > 0; left -= 1) {
    const values = await readUndisturbed(open, isTolerant)
    if (!values) continue
    const { contents, damages } = assembleStore(sums, values, isTolerant)
    if (damages.length > 0 && !isTolerant) throw damagesFound(damages, contents.files)
    for (const damage of damages) onDamage?.(damage)
    return contents
  }
  throw inUse()
}

/** @returns Nothing when somebody stored a flush meanwhile. */
async function readUndisturbed(open: OpenStore, isTolerant: boolean): Promise<StoreValues | undefined> {
  const keys = await readStores(open, allStores, readKeys)
  const [journal, packs, records, later] = await readStores(open, allStores, (store) =>
    Promise.all([
      readEach(store('journal'), keys.flushes, isTolerant ? 1 : flushesPerRead),
      readEach(store('packs'), keys.packs, 1),
      readEach(store('records'), keys.records, isTolerant ? 1 : recordsPerRead),
      requestResult(store('journal').getKey(laterThan(keys.flushes))),
    ]),
  )
  return later === undefined ? { keys, journal, packs, records } : undefined
}

async function readKeys(store: StoreOf): Promise<StoreKeys> {
  const [format, folded, flushes, paths, entries, packs, records] = await Promise.all([
    requestResult<unknown>(store('meta').get(metaKeys.format)),
    requestResult<unknown>(store('meta').get(metaKeys.folded)),
    requestResult(store('journal').getAllKeys()),
    requestResult(store('entries').getAllKeys()),
    requestResult<unknown[]>(store('entries').getAll()),
    requestResult(store('packs').getAllKeys()),
    requestResult(store('records').getAllKeys()),
  ])
  return { format, folded, flushes, paths, entries, packs, records }
}

/** Every write adds a flush, so one after those that are known tells that what is known is not all. */
function laterThan(flushes: readonly IDBValidKey[]): IDBKeyRange {
  return IDBKeyRange.lowerBound(flushes.at(-1) ?? 0, flushes.length > 0)
}

/** Reads the values of keys, so many at a time. Values that the browser lost come as the error it gives for that. */
async function readEach(store: IDBObjectStore, keys: readonly IDBValidKey[], perRead: number): Promise<ReadValue[]> {
  const batches: Promise<ReadValue[]>[] = []
  for (let at = 0; at < keys.length; at += perRead) {
    const batch = keys.slice(at, at + perRead)
    const reading = requestResult<unknown[]>(store.getAll(IDBKeyRange.lowerBound(batch[0]), batch.length))
    batches.push(
      reading.then(
        (values) => batch.map((key, index) => [key, values[index]]),
        (cause: unknown) => {
          if (!isValueLost(cause)) throw cause
          return batch.map((key) => [key, cause])
        },
      ),
    )
  }
  return (await Promise.all(batches)).flat()
}
