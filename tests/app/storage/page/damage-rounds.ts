/** Damages stores one thing at a time, opens them, and compares every byte and row with a copy. */
import { isTypystDbError } from '../../../../src/errors.ts'
import { createBlockStore } from '../../../../src/app/storage/block-store.ts'
import { createRandom } from '../../../support/random.ts'
import { drawDamage, isSame } from './draw-damage.ts'
import type { Damage } from './draw-damage.ts'
import { difference, listStore } from './file-system.ts'
import { allRows, beginnings, liveHistory, openPostgres } from './histories.ts'
import type { Beginning } from './histories.ts'
import { destroy, dump, restore, writeRaw } from './raw-store.ts'
import type { Dump } from './raw-store.ts'

/** What to run. */
export interface DamageOptions {
  readonly seed: number
  readonly beginning: Beginning
  /** Sessions of the life before the damages. */
  readonly sessions: number
  readonly damages: number
  /** After how many of the damages that do no harm the store is used on, which takes a second or two. */
  readonly usedOn: number
}

/** What came of it. */
export interface DamageReport {
  /** How often an undamaged store was opened. */
  readonly opened: number
  /** How many damages each code refused. */
  readonly refused: Readonly<Record<string, number>>
  /** Damages after which every byte was as before, or would have been with the next flush. */
  readonly harmless: number
  /** Damages that took the last flush with them and nothing else. */
  readonly lostLast: number
  /** Damages that showed other bytes or rows without an error, and other errors than those with a code. */
  readonly wrong: readonly string[]
}

export { beginnings }

type Files = ReadonlyMap<string, Uint8Array | 'dir'>

/** Lives one life and damages what it left, again and again. */
export async function runDamages({ seed, beginning, sessions, damages, usedOn }: DamageOptions): Promise<DamageReport> {
  const name = `damage-${beginning}-${seed}`
  const random = createRandom(seed)
  let earlier: Dump = []
  await liveHistory(name, beginning, random, sessions, async () => {
    earlier = await dump(name)
  })
  const refused: Record<string, number> = {}
  let [opened, harmless, lostLast] = [0, 0, 0]
  const wrong: string[] = []
  // The first opening gives a store of an earlier release its sums, and those are to be damaged.
  await listFresh(name)
  const copy = await listFresh(name)
  const sound = await dump(name)
  const before = await withoutLastFlush(name, sound)
  const rows = await rowsOf(name)
  opened += 3
  await restore(name, sound)

  for (let left = damages; left > 0; left -= 1) {
    const damage = drawDamage(random, sound, earlier)
    await writeRaw(name, damage.writes)
    const outcome = await openDamaged(name)
    if (typeof outcome === 'string') refused[outcome] = (refused[outcome] ?? 0) + 1
    else if (difference(copy, outcome) === undefined) {
      harmless += 1
      if (harmless <= usedOn) {
        const found = await goOn(name, rows)
        if (found) wrong.push(`${damage.what}: ${found}`)
        await restore(name, sound)
      }
    } else if (before && difference(before, outcome) === undefined) lostLast += 1
    else wrong.push(`${damage.what}: ${difference(copy, outcome) ?? ''}`)
    await undo(name, damage, sound)
    if (left % 10 === 0) {
      if (difference(copy, await listFresh(name)) !== undefined) wrong.push(`${damage.what}: it was not undone`)
      opened += 1
    }
  }
  await destroy(name)
  return { opened, refused, harmless, lostLast, wrong }
}

/** What a fresh store gives. */
async function listFresh(name: string): Promise<Files> {
  const store = createBlockStore({ name, durability: 'strict' })
  try {
    return await listStore(store)
  } finally {
    await store.close()
  }
}

/** The files, or the code of the error. */
async function openDamaged(name: string): Promise<Files | string> {
  try {
    return await listFresh(name)
  } catch (cause) {
    if (isTypystDbError(cause) && cause.code.startsWith('STORAGE_')) return cause.code
    throw cause
  }
}

/** The files as they were before the last flush, unless that went into blocks. */
async function withoutLastFlush(name: string, sound: Dump): Promise<Files | undefined> {
  const flushes = sound.filter(({ store }) => store === 'journal')
  const last = flushes.at(-1)
  const folded = sound.find(({ store, key }) => store === 'meta' && key === 'folded')?.value
  if (!last || isSame(last.key, folded)) return undefined
  await writeRaw(name, [{ ...last, value: undefined }])
  const files = await listFresh(name)
  await writeRaw(name, [last])
  return files
}

async function rowsOf(name: string): Promise<string> {
  const opened = await openPostgres(createBlockStore({ name, durability: 'strict' }))
  const rows = await allRows(opened)
  await opened.close()
  return rows
}

/** Goes on with a store whose damage did not matter: it must not matter later either. Gives what is wrong, if anything. */
async function goOn(name: string, rows: string): Promise<string | undefined> {
  try {
    const opened = await openPostgres(createBlockStore({ name, durability: 'strict' }))
    const found = await allRows(opened)
    await opened.client.exec(
      'create table later (text text); insert into later select md5(n::text) from generate_series(1, 300) n',
    )
    await opened.scrub()
    await opened.client.exec("insert into later values ('last')")
    const after = await allRows(opened)
    await opened.close()
    if (found !== rows) return 'other rows'
    return (await rowsOf(name)) === after ? undefined : 'other rows after it was used'
  } catch (cause) {
    return `used, ${String(cause)}`
  }
}

async function undo(name: string, { writes }: Damage, sound: Dump): Promise<void> {
  const undone = writes.map((write) => ({
    ...write,
    value: sound.find(({ store, key }) => store === write.store && isSame(key, write.key))?.value,
  }))
  await writeRaw(name, undone)
}
