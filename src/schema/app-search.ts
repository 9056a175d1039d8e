/** The tables behind `app.search`: kept by the package itself, and no part of `appSchema` or of what apps query. */
import { bigint, customType, index, integer, pgSequence, pgTable, text } from 'drizzle-orm/pg-core'
import { entry } from './app.ts'

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' })

/** What was indexed of an entry: its words, each behind the number of the bucket the entry is in. */
export const entrySearch = pgTable(
  'entry_search',
  {
    entryId: text('entry_id')
      .primaryKey()
      .references(() => entry.id, { onDelete: 'cascade', onUpdate: 'cascade' }),
    bucket: integer('bucket').notNull(),
    document: tsvector('document').notNull(),
  },
  (table) => [
    index('entry_search_bucket_idx').on(table.bucket),
    index('entry_search_document_idx').using('gin', table.document),
  ],
)

/**
 * Entries to be indexed: those whose words changed, which a trigger on `entry` writes down, and those that `note-inserted.ts`
 * found to be new. An entry may stand in it several times.
 */
export const entrySearchPending = pgTable('entry_search_pending', {
  entryId: text('entry_id').notNull(),
})

/** Counts the entries that were ever inserted, also by transactions that were rolled back; a trigger on `entry` draws from it. */
export const entryInserts = pgSequence('entry_inserts')

/** One row: up to which count new entries have been written down as pending. */
export const entrySearchState = pgTable('entry_search_state', {
  insertsNoted: bigint('inserts_noted', { mode: 'number' }).notNull(),
})
