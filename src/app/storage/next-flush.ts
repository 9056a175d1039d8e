/** Tells after a failure whether a flush was stored after all: whoever took its number made it. */
import { TypystDbError } from '../../errors.ts'
import { requestResult } from './indexed-db.ts'
import { isJournalRecord } from './journal.ts'
import type { StoreIndex } from './store-index.ts'
import { readStores } from './transaction.ts'
import type { OpenStore } from './transaction.ts'

/**
 * Whether this writer took the number after the last flush it knows of.
 *
 * @throws TypystDbError `DATABASE_IN_USE` when another one did, `STORAGE_DAMAGED` when the last flush is gone.
 */
export async function isNextMine(open: OpenStore, { count }: StoreIndex, writer: string): Promise<boolean> {
  const [last, next] = await readStores(open, ['journal'], (store) => {
    const journal = store('journal')
    const reads: Promise<unknown>[] = [requestResult(journal.get(count)), requestResult(journal.get(count + 1))]
    return Promise.all(reads)
  })
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

/** The error for a store that somebody else writes to. */
export function inUse(): TypystDbError {
  return new TypystDbError(
    'DATABASE_IN_USE',
    'Another instance wrote to this database while it was open here, so this one writes no more. Reload the page.',
  )
}
