/** The tables behind `app.search`: kept by the package itself, and no part of `appSchema` or of what apps query. */
import { customType, index, integer, pgTable, text } from 'drizzle-orm/pg-core'
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

/** Entries that changed since they were indexed; triggers on `entry` write it. An entry may stand in it several times. */
export const entrySearchPending = pgTable('entry_search_pending', {
  entryId: text('entry_id').notNull(),
})
