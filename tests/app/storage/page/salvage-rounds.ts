/** Salvages stores that are damaged in one way each, and compares every row with what was put in. */
import { isTypystDbError } from '../../../../src/errors.ts'
import { createAppDatabase } from '../../../../src/app/create-app-database.ts'
import { createId } from '../../../../src/app/create-id.ts'
import type { AppDatabase } from '../../../../src/app/create-app-database.ts'
import { salvage } from '../../../../src/app/salvage.ts'
import type { Salvage } from '../../../../src/app/salvage/salvage-database.ts'
import { isObject, isPackRecord } from '../../../../src/app/storage/format.ts'
import { packRuns } from '../../../../src/app/storage/pack.ts'
import { readDamaged } from '../../../../src/app/storage/read-damaged.ts'
import type { StoredFiles } from '../../../../src/app/storage/replay.ts'
import { readTableNames } from '../../../../src/app/storage/table-names.ts'
import type { PackRecord } from '../../../../src/app/storage/format.ts'
import type { Dump, RawRecord } from './raw-store.ts'
import { dump, restore } from './raw-store.ts'

/** What is damaged. */
export type SalvageCase =
  | 'nothing'
  | 'a page of entries'
  | 'the newest flush'
  | 'the log'
  | 'the control file'
  | 'the catalog'
  | 'the list of files'

/** What came of it. */
export interface SalvageOutcome {
  /** The code that the database itself fails with. */
  readonly code: string | undefined
  readonly message: string
  readonly report: Omit<Salvage, 'data'>
  /** Rows that were imported from the export. */
  readonly imported: number
  /** Entries that are missing. */
  readonly missing: number
  /** Entries that are others than were put in, and are not called doubtful. */
  readonly wrong: readonly string[]
  /** Whether the store is what it was before. */
  readonly isUntouched: boolean
}

const entriesMade = 400

let made: MadeDatabase | undefined

interface MadeDatabase {
  readonly dump: Dump
  /** The same with nothing in the journal. */
  readonly folded: Dump
  readonly rows: ReadonlyMap<string, string>
  readonly files: StoredFiles
}

/** Makes the database once: small and long entries, closed, and some more that only the log has. */
async function makeDatabase(name: string): Promise<MadeDatabase> {
  if (made) return made
  const app = createAppDatabase({ dataDir: `idb://${name}` })
  const collections = await Promise.all([1, 2, 3].map((n) => app.collections.create({ name: `Collection ${n}` })))
  const entry = (n: number) => ({
    id: createId(),
    title: `Title ${n}`,
    // Every tenth is too long for its row, and cannot be compressed.
    content: n % 10 === 0 ? randomText(12_000, n) : `Content ${n} `.repeat(n % 40),
    collectionId: collections[n % 3]?.id ?? '',
  })
  await app.transfer.importEntries(Array.from({ length: entriesMade }, (_, n) => entry(n)))
  await app.pgClient.exec('checkpoint')
  for (let n = 0; n < 5; n += 1) await app.entries.create(entry(entriesMade + n))
  const rows = await entriesOf(app)
  const records = await dump(name)
  // Which puts the journal into blocks.
  await app.remove({ of: 'no user' })
  const folded = await dump(name)
  await app.close()
  const contents = await readDamaged(name)
  if (!contents) throw new Error('Nothing is stored.')
  return (made = { dump: records, folded, rows, files: contents.files })
}

/** Runs a case. */
export async function runSalvage(what: SalvageCase): Promise<SalvageOutcome> {
  const { dump: journaled, folded, rows, files } = await makeDatabase('salvage-source')
  const sound = what === 'the newest flush' ? journaled : folded
  const name = `salvage-${what}`
  const damaged = damage(what, sound, files)
  await restore(name, damaged)
  const failed = await failureOf(name)
  await restore(name, damaged)
  const salvaged = await salvage(`idb://${name}`)
  if (!salvaged) throw new Error('Nothing was salvaged.')
  const { data, ...report } = salvaged
  const after = await dump(name)
  const target = createAppDatabase({ dataDir: 'memory://' })
  const { inserted } = await target.transfer.importData(data)
  const found = await entriesOf(target)
  await target.close()
  const wrong: string[] = []
  for (const [id, row] of found) {
    if (rows.get(id) !== row && !report.doubtful.entry.includes(id)) wrong.push(id)
  }
  return {
    ...failed,
    report,
    imported: inserted,
    missing: [...rows.keys()].filter((id) => !found.has(id)).length,
    wrong,
    isUntouched: after.length === damaged.length,
  }
}

function damage(what: SalvageCase, sound: Dump, files: StoredFiles): Dump {
  switch (what) {
    case 'nothing':
      return sound
    case 'a page of entries':
      return spoilTable(sound, files, 'entry')
    case 'the newest flush': {
      const last = sound.filter(({ store }) => store === 'journal').at(-1)
      return sound.map((record) => (record === last ? spoilFlush(record) : record))
    }
    case 'the log':
      return sound.filter(
        ({ store, key }) => store !== 'entries' || typeof key !== 'string' || !key.startsWith('/pg_wal/0'),
      )
    case 'the control file':
      return sound.filter(({ store, key }) => store !== 'entries' || key !== '/global/pg_control')
    case 'the catalog':
      return sound.filter(({ store, key }) => store !== 'entries' || key !== '/base/5/pg_filenode.map')
    case 'the list of files':
      return sound.filter(({ store, key }) => store !== 'entries' || key !== 0)
    default:
      return what satisfies never
  }
}

/** Flips a bit near the end of the first page of a table, where its first row is. */
function spoilTable(sound: Dump, files: StoredFiles, table: string): Dump {
  const nameOf = readTableNames(files)
  const path = [...files.keys()].find((known) => /^\/base\/5\/\d+$/.test(known) && nameOf(known) === table)
  const entry = sound.find(({ store, key }) => store === 'entries' && key === path)?.value
  const id = isObject(entry) ? entry['id'] : undefined
  const holders = sound.filter(({ store, key, value }) => {
    if (store === 'records') return Array.isArray(key) && key[0] === id && key[1] === 0
    return store === 'packs' && isPackRecord(value) && firstBlockIn(value, id) !== undefined
  })
  // Records come before packs, and of these the last one counts.
  const holder = holders[0]?.store === 'records' ? holders[0] : holders.at(-1)
  if (!holder) throw new Error(`Nothing holds the first page of "${table}".`)
  const { value } = holder
  const spoiled = structuredClone(value)
  const bytes = spoiled instanceof Uint8Array ? spoiled : isPackRecord(spoiled) ? firstBlockIn(spoiled, id) : undefined
  if (!bytes) throw new Error('The page cannot be changed.')
  bytes[8192 - 30] = (bytes[8192 - 30] ?? 0) ^ 1
  return sound.map((record) => (record === holder ? { ...holder, value: spoiled } : record))
}

function firstBlockIn(pack: PackRecord, id: unknown): Uint8Array | undefined {
  for (const { fileId, first, bytes } of packRuns(pack)) if (fileId === id && first === 0) return bytes
  return undefined
}

function spoilFlush(record: RawRecord): RawRecord {
  const value = structuredClone(record.value)
  const spoil = (part: unknown): boolean => {
    if (part instanceof Uint8Array && part.length > 40) {
      part[30] = (part[30] ?? 0) ^ 4
      return true
    }
    return isObject(part) && !ArrayBuffer.isView(part) && Object.values(part).some(spoil)
  }
  spoil(value)
  return { ...record, value }
}

async function failureOf(name: string): Promise<{ readonly code: string | undefined; readonly message: string }> {
  const app = createAppDatabase({ dataDir: `idb://${name}` })
  try {
    await app.ready()
    return { code: undefined, message: '' }
  } catch (cause) {
    return { code: isTypystDbError(cause) ? cause.code : 'none', message: String(cause) }
  } finally {
    await app.close()
  }
}

async function entriesOf(app: AppDatabase): Promise<Map<string, string>> {
  const rows = await app.db.select().from(app.schema.entry)
  return new Map(rows.map((row) => [row.id, JSON.stringify(row)]))
}

function randomText(length: number, seed: number): string {
  let state = seed
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return String.fromCharCode(33 + ((state >>> 16) % 90))
  }).join('')
}
