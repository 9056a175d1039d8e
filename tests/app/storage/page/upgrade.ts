/** A store of the release before sums, opened by this one, and that release beside it. */
import { isTypystDbError } from '../../../../src/errors.ts'
import { createBlockStore } from '../../../../src/app/storage/block-store.ts'
import type { BlockStore } from '../../../../src/app/storage/block-store-types.ts'
import { isObject } from '../../../../src/app/storage/format.ts'
import { difference, listFiles, listStore, mountStore, putDatabase, putFile } from './file-system.ts'
import { createBlockStore as createFormat1Store } from './format-1.generated.js'
import { dump, writeRaw } from './raw-store.ts'
import type { Dump } from './raw-store.ts'

/** What happened; codes of errors, or nothing where there were none. */
export interface UpgradeReport {
  /** What differs from what the old release stored, when this one opens it for the first and the second time. */
  readonly differences: readonly (string | undefined)[]
  /** The version a store has after that, and whether every record of it has a sum that should. */
  readonly version: unknown
  readonly isSummed: boolean
  /** What the old release makes of it. */
  readonly oldOpening: string | undefined
  /** What it makes of it when it was stopped in the middle of opening it while it got its sums. */
  readonly oldStopped: string | undefined
  /** What this one finds after that. */
  readonly afterwards: string | undefined
}

/** Upgrades a store. */
export async function runUpgrade(): Promise<UpgradeReport> {
  const name = 'upgrade'
  const old = createFormat1Store({ name, durability: 'strict' })
  const mounted = await mountStore(old)
  const { files } = mounted
  putDatabase(files)
  putFile(files, 'large', 100_000)
  await mounted.sync()
  // Half of it in blocks, half in the journal.
  putFile(files, 'small', 300)
  await mounted.sync()
  const expected = listFiles(files)
  await old.close()

  const list = async (): Promise<Map<string, Uint8Array | 'dir'>> => {
    const store = createBlockStore({ name, durability: 'strict' })
    try {
      return await listStore(store)
    } finally {
      await store.close()
    }
  }
  const differences = [difference(expected, await list()), difference(expected, await list())]
  const upgraded = await dump(name)
  const format = upgraded.find(({ store, key }) => store === 'meta' && key === 'format')
  const version = isObject(format?.value) ? format.value['version'] : undefined
  const oldOpening = await codeOf(createFormat1Store({ name, durability: 'strict' }))

  if (!format) throw new Error('The store does not say what it is.')
  // What the old release read before it was stopped.
  await writeRaw(name, [{ ...format, value: { version: 1, postgres: '18', origin: 'initdb' } }])
  const stopped = createFormat1Store({ name, durability: 'strict', leaderTimeoutMs: 15_000 })
  const oldStopped = await codeOf(stopped)
  await writeRaw(name, [format])
  const afterwards = difference(expected, await list())
  return { differences, version, isSummed: isSummed(upgraded), oldOpening, oldStopped, afterwards }
}

async function codeOf(store: BlockStore): Promise<string | undefined> {
  try {
    await listStore(store)
    return undefined
  } catch (cause) {
    return isTypystDbError(cause) ? cause.code : String(cause)
  } finally {
    store.abandon()
  }
}

function isSummed(records: Dump): boolean {
  const folded = records.find(({ store, key }) => store === 'meta' && key === 'folded')?.value
  return records.every(({ store, key, value }) => {
    if (store === 'entries') return isObject(value) && (key === 0 || value['dir'] === true || hasSum(value))
    if (store === 'journal') return Number(key) < Number(folded) || hasSum(value)
    return store !== 'meta' || key === 'folded' || hasSum(value)
  })
}

const hasSum = (value: unknown): boolean => isObject(value) && typeof value['sum'] === 'bigint'
