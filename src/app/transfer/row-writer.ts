/** Gathers rows into batches and writes them. */
import { TypystDbError } from '../../errors.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { refreshStatistics } from '../refresh-statistics.ts'
import { problemOf } from './check-row.ts'
import { insertRows, keyOf } from './insert-rows.ts'
import type { ConflictPolicy, ImportCounts, RowJson, TableName } from './insert-rows.ts'
import type { OwnedRow, OwnerKeeper } from './keep-owners.ts'

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

/** Runs work in a transaction: one of its own, or the one of the whole import. */
export type InTransaction = <T>(work: (executor: SqlExecutor) => Promise<T>) => Promise<T>

/** Takes rows one by one. */
export interface RowWriter {
  /** @throws TypystDbError `EXPORT_INVALID` for a row that cannot be one. */
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
  inTransaction: InTransaction,
  owners: OwnerKeeper,
  { conflict = 'skip', batchRows = 1000, onProgress, signal }: ImportOptions,
): RowWriter {
  if (!Number.isInteger(batchRows) || batchRows < 1 || batchRows > 10_000) {
    throw new TypystDbError('INVALID_OPTIONS', '`batchRows` has to be a whole number from 1 to 10,000.')
  }
  let counts: ImportCounts = { read: 0, inserted: 0, updated: 0, skipped: 0 }
  let table: TableName = 'entry'
  let batch: { readonly owned: OwnedRow; readonly text: string }[] = []
  let characters = 0
  let added = 0
  const keys = new Set<unknown>()

  const flush = async () => {
    signal?.throwIfAborted()
    if (batch.length === 0) return
    const { inserted, updated } = await inTransaction(async (executor) => {
      const changes = await owners.settle(
        executor,
        table,
        batch.map(({ owned }) => owned),
      )
      const texts = batch.map(({ text }, at) => withChanges(text, changes[at]))
      return insertRows(executor, table, texts, { policy: conflict })
    })
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
      added += 1
      const problem = problemOf(nextTable, row)
      if (problem) throw invalidRow(`Row ${added}`, problem)
      const text = JSON.stringify(row)
      const { id, collection_id, user_id } = row
      const key = row[keyOf(nextTable)]
      // Two rows of one key take turns: one statement may not change a row twice.
      const isFull = batch.length >= batchRows || characters + text.length > batchCharacters || keys.has(key)
      if (isFull || nextTable !== table) await flush()
      table = nextTable
      batch.push({ owned: { id, collection_id, user_id }, text })
      keys.add(key)
      characters += text.length
    },
    async finish() {
      await flush()
      await inTransaction(refreshStatistics)
      return counts
    },
  }
}

/** A row that an import refuses, and why: in words that follow what it is called. */
export function invalidRow(row: string, problem: string): TypystDbError {
  return new TypystDbError(
    'EXPORT_INVALID',
    `${row} of the import ${problem}. It was not imported, nor what comes after it; correct it and import again.`,
  )
}

function withChanges(text: string, changes: RowJson | undefined): string {
  return changes === undefined ? text : JSON.stringify({ ...(JSON.parse(text) as RowJson), ...changes })
}
