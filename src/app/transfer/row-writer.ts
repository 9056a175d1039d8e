/** Gathers rows into batches and writes them. */
import { TypystDbError } from '../../errors.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { refreshStatistics } from '../refresh-statistics.ts'
import { insertRows } from './insert-rows.ts'
import type { ConflictPolicy, ImportCounts, RowJson, TableName } from './insert-rows.ts'

/** How an import is to run. */
export interface ImportOptions {
  /**
   * What happens to a row whose key is there.
   *
   * @defaultValue `skip`
   */
  readonly conflict?: ConflictPolicy | undefined
  /**
   * How many rows are written in one statement, 1 to 10,000. Less than that when they are large.
   *
   * @defaultValue 1000
   */
  readonly batchRows?: number | undefined
  /**
   * Told what has been done after each batch.
   *
   * @defaultValue none
   */
  readonly onProgress?: ((counts: ImportCounts) => void) | undefined
  /**
   * Ends the import between two batches; it rejects with the signal's reason.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined
}

/** Takes rows one by one. */
export interface RowWriter {
  add(table: TableName, row: RowJson): Promise<void>
  /** Writes what is left, and tells what became of all rows. */
  finish(): Promise<ImportCounts>
}

/** A batch of large rows ends here, in characters, so that memory does not grow with the import. */
const batchCharacters = 4_000_000

/**
 * Builds a writer.
 *
 * @throws TypystDbError `INVALID_OPTIONS` for a batch size that cannot be one.
 */
export function createRowWriter(
  executor: SqlExecutor,
  { conflict = 'skip', batchRows = 1000, onProgress, signal }: ImportOptions,
): RowWriter {
  if (!Number.isInteger(batchRows) || batchRows < 1 || batchRows > 10_000) {
    throw new TypystDbError('INVALID_OPTIONS', '`batchRows` has to be a whole number from 1 to 10,000.')
  }
  let counts: ImportCounts = { read: 0, inserted: 0, updated: 0, skipped: 0 }
  let table: TableName = 'entry'
  let batch: string[] = []
  let characters = 0
  const keys = new Set<unknown>()

  const flush = async () => {
    signal?.throwIfAborted()
    if (batch.length === 0) return
    const { inserted, updated } = await insertRows(executor, table, batch, conflict)
    counts = {
      read: counts.read + batch.length,
      inserted: counts.inserted + inserted,
      updated: counts.updated + updated,
      skipped: counts.skipped + batch.length - inserted - updated,
    }
    batch = []
    keys.clear()
    characters = 0
    onProgress?.(counts)
  }

  return {
    async add(nextTable, row) {
      const text = JSON.stringify(row)
      const key = nextTable === 'settings' ? row['collection_id'] : row['id']
      // Two rows of one key take turns: one statement may not change a row twice.
      const isFull = batch.length >= batchRows || characters + text.length > batchCharacters || keys.has(key)
      if (isFull || nextTable !== table) await flush()
      table = nextTable
      batch.push(text)
      keys.add(key)
      characters += text.length
    },
    async finish() {
      await flush()
      await refreshStatistics(executor)
      return counts
    },
  }
}
