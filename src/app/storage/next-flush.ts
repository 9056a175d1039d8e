/** Tells after a failure whether a flush was stored after all: whoever took its number made it. */
import { TypystDbError } from '../../errors.ts'
import { storeNames } from './format.ts'
import { requestResult } from './indexed-db.ts'
import { isJournalRecord } from './journal.ts'
import type { StoreIndex } from './store-index.ts'

/**
 * Whether this writer took the number after the last flush it knows of.
 *
 * @throws TypystDbError `DATABASE_IN_USE` when another one did, `STORAGE_DAMAGED` when the last flush is gone.
 */
export async function isNextMine(database: IDBDatabase, { count }: StoreIndex, writer: string): Promise<boolean> {
  const journal = database.transaction(storeNames.journal).objectStore(storeNames.journal)
  const reads: Promise<unknown>[] = [requestResult(journal.get(count)), requestResult(journal.get(count + 1))]
  const [last, next] = await Promise.all(reads)
  if (next === undefined) {
    if (count > 0 && last === undefined) throw lost()
    return false
  }
  if (!isJournalRecord(next) || next.writer !== writer) throw inUse()
  return true
}

/** The error for a database that is gone. */
export function lost(): TypystDbError {
  return new TypystDbError(
    'STORAGE_DAMAGED',
    'The stored database disappeared while it was open, as when site data is cleared. What is in memory can still be exported.',
  )
}

function inUse(): TypystDbError {
  return new TypystDbError(
    'DATABASE_IN_USE',
    'Another instance wrote to this database while it was open here, so this one writes no more. Reload the page.',
  )
}
