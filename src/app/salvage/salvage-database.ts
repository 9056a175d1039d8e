/** Gets every row that can still be read out of a stored database, as an export. */
import type { PGlite } from '@electric-sql/pglite'
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import { openOnFiles } from '../../pglite/open-on-files.ts'
import { appMigrations } from '../migrations.generated.ts'
import { tablesOf } from '../storage/damaged-store.ts'
import { readDamaged } from '../storage/read-damaged.ts'
import type { StoredFiles } from '../storage/replay.ts'
import { requireSnapshot } from '../storage/snapshot.ts'
import { chunksOf, streamOf } from '../transfer/byte-streams.ts'
import { encrypt } from '../transfer/encryption.ts'
import { endLine, headLine, isImportable, noRows, rowLine } from '../transfer/export-format.ts'
import type { ExportCounts } from '../transfer/export-format.ts'
import type { TableName } from '../transfer/insert-rows.ts'
import { borrowCatalog } from './borrow-catalog.ts'
import { readRows } from './read-rows.ts'
import type { SalvagedRows } from './read-rows.ts'

/** How a database is salvaged. */
export interface SalvageOptions {
  /**
   * Encrypts the export. There is no way to open it without.
   *
   * @defaultValue not encrypted
   */
  readonly passphrase?: string | undefined
}

/** What {@link salvage} found. */
export interface Salvage {
  /** What could be read, for `transfer.importData`. */
  readonly data: Blob
  /** How many rows that are. */
  readonly rows: ExportCounts
  /**
   * Rows of those that may not be what was stored, by their ids: they come from a page whose sum is wrong, or it is not
   * known which pages of their table are damaged. Show them to the user.
   */
  readonly doubtful: Readonly<Record<TableName, readonly string[]>>
  /** How many rows are there and cannot be read, or would not be taken by an import; of a lost page, one. */
  readonly unreadable: ExportCounts
  /** Collections that were made up, by their ids, because those of some entries could not be read. */
  readonly madeUp: readonly string[]
  /** The tables and indexes in whose files bytes have changed. Rows of theirs may be missing, or older than what was stored. */
  readonly damagedTables: readonly string[]
  /**
   * Of when the rows are. `latest`: the last change. `earlier`: the log is damaged, and what was changed behind that place
   * is missing. `checkpoint`: Postgres does not start on what is stored, and what was changed since its last checkpoint is
   * missing.
   */
  readonly state: 'latest' | 'earlier' | 'checkpoint'
}

const tableNames: Readonly<Record<TableName, string>> = {
  collection: 'collection',
  settings: 'collection_settings',
  entry: 'entry',
}

/**
 * Salvages a database, which must not be open.
 *
 * @param name - The part of `idb://name` after the slashes.
 * @returns Nothing when there is no database of that name.
 * @throws TypystDbError `STORAGE_DAMAGED` when no table can be read in any way, `ASSETS_UNAVAILABLE` when what reads them
 *   cannot be fetched.
 */
export async function salvageDatabase(name: string, { passphrase }: SalvageOptions): Promise<Salvage | undefined> {
  const contents = await readDamaged(name)
  if (!contents) return undefined
  const { files, damages } = contents
  const { tables, isBorrowed } = await readTables(files)
  const damagedTables = tablesOf(damages, files)
  const isDoubtful = (table: TableName): boolean =>
    isBorrowed || (damagedTables.includes(tableNames[table]) && tables[table].rows.every((row) => !row.isDoubtful))
  const { lines, ...found } = toLines(tables, isDoubtful)
  const state = isBorrowed ? 'checkpoint' : damages.some(({ isLatest }) => isLatest) ? 'earlier' : 'latest'
  const zipped = new Blob([lines]).stream().pipeThrough(new CompressionStream('gzip'))
  const stream = passphrase === undefined ? zipped : streamOf(encrypt(chunksOf(zipped), passphrase))
  return { ...found, data: await new Response(stream).blob(), damagedTables, state }
}

type SalvagedTables = Readonly<Record<TableName, SalvagedRows>>

/** Reads the tables from what is stored, or from its last checkpoint with the catalog of a new database. */
async function readTables(
  files: StoredFiles,
): Promise<{ readonly tables: SalvagedTables; readonly isBorrowed: boolean }> {
  try {
    return { tables: await readStored(files), isBorrowed: false }
  } catch (cause) {
    if (isUnavailable(cause)) throw cause
    const seed = await requireSnapshot(appMigrations.map(({ hash }) => hash))
    if (!seed) throw unreadable(cause)
    const fresh: StoredFiles = new Map(
      seed.entries.map((entry) => [entry.path, entry.kind === 'dir' ? 'dir' : new Uint8Array(entry.data)]),
    )
    const borrowed = borrowCatalog(files, fresh, Object.values(tableNames))
    try {
      const tables = await readAll(async () => {
        const client = await openOnFiles(borrowed, true)
        await indexLongValues(client)
        return client
      })
      return { tables, isBorrowed: true }
    } catch (second) {
      throw isUnavailable(second) ? second : unreadable(second)
    }
  }
}

async function readStored(files: StoredFiles): Promise<SalvagedTables> {
  try {
    return await readAll(() => openOnFiles(files, false))
  } catch (cause) {
    if (isUnavailable(cause)) throw cause
    return readAll(() => openOnFiles(files, true))
  }
}

/** Whether it tells of the server that the app comes from, and nothing of what is stored. */
const isUnavailable = (cause: unknown): boolean => isTypystDbError(cause) && cause.code === 'ASSETS_UNAVAILABLE'

async function readAll(open: () => Promise<PGlite>): Promise<SalvagedTables> {
  const client = await open()
  try {
    return {
      collection: await readRows(client, tableNames.collection),
      settings: await readRows(client, tableNames.settings),
      entry: await readRows(client, tableNames.entry),
    }
  } finally {
    // An engine that has stopped cannot be closed either.
    await client.close().catch(() => undefined)
  }
}

/** What is too long for a row is found by an index, which a new database has of nothing. */
async function indexLongValues(client: PGlite): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'select reltoastrelid::regclass::text as name from pg_class where relname = any($1) and reltoastrelid <> 0',
    [Object.values(tableNames)],
  )
  // Where it cannot be done, rows that need it are unreadable.
  for (const { name } of rows) await client.exec(`reindex table ${name}`).catch(() => undefined)
}

/** The lines of an export, and what they hold. */
function toLines(
  tables: SalvagedTables,
  isTableDoubtful: (table: TableName) => boolean,
): Pick<Salvage, 'rows' | 'doubtful' | 'unreadable' | 'madeUp'> & { readonly lines: string } {
  const rows = { ...noRows() }
  const unreadable = { ...noRows() }
  const doubtful: Record<TableName, string[]> = { collection: [], settings: [], entry: [] }
  const lines: Record<TableName, string[]> = { collection: [], settings: [], entry: [] }
  const collections = new Set<string>()
  const madeUp: string[] = []

  const takeTable = (table: TableName, fits: (row: Record<string, unknown>) => boolean): void => {
    const seen = new Set<unknown>()
    unreadable[table] += tables[table].unreadable
    // What is sure first: of a row that damage shows twice, that one is kept.
    for (const isDoubtful of [false, true]) {
      for (const { json, isDoubtful: doubts } of tables[table].rows) {
        if ((doubts || isTableDoubtful(table)) !== isDoubtful) continue
        const row = parseRow(json)
        if (!row || !isImportable(table, row) || !fits(row)) {
          unreadable[table] += 1
          continue
        }
        const key = row[table === 'settings' ? 'collection_id' : 'id']
        if (seen.has(key)) continue
        seen.add(key)
        rows[table] += 1
        if (isDoubtful) doubtful[table].push(String(row['id']))
        if (table === 'collection') collections.add(String(row['id']))
        lines[table].push(rowLine(table, json))
      }
    }
  }
  takeTable('collection', () => true)
  takeTable('settings', (row) => collections.has(String(row['collection_id'])))
  takeTable('entry', (row) => {
    const id = String(row['collection_id'])
    if (collections.has(id)) return true
    collections.add(id)
    madeUp.push(id)
    rows.collection += 1
    lines.collection.push(
      rowLine('collection', JSON.stringify({ id, name: 'Salvaged', user_id: row['user_id'] ?? null })),
    )
    return true
  })
  const all = [headLine(), ...lines.collection, ...lines.settings, ...lines.entry, endLine(rows)].join('')
  return { lines: all, rows, doubtful, unreadable, madeUp }
}

function parseRow(json: string): Record<string, unknown> | undefined {
  try {
    const row: unknown = JSON.parse(json)
    return typeof row === 'object' && row !== null ? { ...row } : undefined
  } catch {
    return undefined
  }
}

function unreadable(cause: unknown): TypystDbError {
  return new TypystDbError(
    'STORAGE_DAMAGED',
    'No table of the stored database can be read in any way. Save its raw bytes with exportRaw(), then delete it.',
    { cause },
  )
}
