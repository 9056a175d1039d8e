/** Imports a stream of entries. */
import { getTableColumns } from 'drizzle-orm'
import { anything, fieldsOf } from '../../internal/argument-readers.ts'
import { checkValue } from '../../internal/check-arguments.ts'
import type { SqlConnection } from '../../internal/sql-connection.ts'
import { entry } from '../../schema/app.ts'
import type { NewEntry } from '../../schema/app.ts'
import type { ImportCounts } from './insert-rows.ts'
import { createOwnerKeeper } from './keep-owners.ts'
import { createRowWriter } from './row-writer.ts'
import type { ImportOptions, InTransaction } from './row-writer.ts'

/** How entries are imported. */
export interface ImportEntriesOptions extends ImportOptions {
  /**
   * One transaction for all instead of one for each batch: when anything fails, nothing was imported. Other queries wait
   * until the last entry has come, so the source must not query the database.
   *
   * @defaultValue false
   */
  readonly allOrNothing?: boolean | undefined
}

/** Read once; what the fields hold is checked later. */
const entryFields = fieldsOf(Object.fromEntries(Object.keys(getTableColumns(entry)).map((key) => [key, anything])))

const columnNames = Object.entries(getTableColumns(entry)).map(([key, { name }]) => [key, name] as const)

/** Writes the entries of a source batch by batch; memory holds one batch. */
export async function importEntries(
  connection: SqlConnection,
  source: AsyncIterable<NewEntry> | Iterable<NewEntry>,
  { allOrNothing = false, ...options }: ImportEntriesOptions = {},
): Promise<ImportCounts> {
  const write = async (inTransaction: InTransaction) => {
    const writer = createRowWriter(inTransaction, createOwnerKeeper(), options)
    for await (const each of source) {
      await writer.add('entry', toRow(checkValue('An entry of importEntries()', entryFields, each)))
    }
    return writer.finish()
  }
  const each: InTransaction = (work) => connection.transaction(work)
  return allOrNothing ? each((tx) => write((work) => work(tx))) : write(each)
}

function toRow(values: NewEntry): Record<string, unknown> {
  const fields = new Map<string, unknown>(Object.entries(values))
  return Object.fromEntries(columnNames.map(([key, name]) => [name, toJson(fields.get(key))]))
}

/** An invalid date stays one, and is refused as such. */
function toJson(value: unknown): unknown {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value
}
