/** The tables of the notes app. They name users by id only: no auth table is referred to, or even imported. */
import { relations } from 'drizzle-orm'
import { index, pgTable, text } from 'drizzle-orm/pg-core'
import { createdAndUpdatedAt, instant, softUserId } from './columns.ts'

/** A folder of entries. */
export const collection = pgTable(
  'collection',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    description: text('description'),
    color: text('color'),
    icon: text('icon'),
    userId: softUserId(),
    ...createdAndUpdatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [index('collection_user_id_idx').on(table.userId)],
)

/** How a collection is shown; at most one row per collection. */
export const collectionSettings = pgTable(
  'collection_settings',
  {
    id: text('id').primaryKey(),
    collectionId: text('collection_id')
      .notNull()
      .unique()
      .references(() => collection.id, { onDelete: 'cascade' }),
    sortBy: text('sort_by'),
    sortOrder: text('sort_order'),
    viewMode: text('view_mode'),
    userId: softUserId(),
    ...createdAndUpdatedAt(),
  },
  (table) => [index('collection_settings_user_id_idx').on(table.userId)],
)

/** One note, its content in Markdown. */
export const entry = pgTable(
  'entry',
  {
    id: text('id').primaryKey(),
    title: text('title').notNull(),
    content: text('content'),
    collectionId: text('collection_id')
      .notNull()
      .references(() => collection.id, { onDelete: 'cascade' }),
    userId: softUserId(),
    ...createdAndUpdatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    // Ascending, and read backwards for the newest first: that order puts nulls where a plain `desc` expects them.
    index('entry_collection_id_created_at_idx').on(table.collectionId, table.createdAt, table.id),
    index('entry_user_id_idx').on(table.userId),
  ],
)

export const collectionRelations = relations(collection, ({ one, many }) => ({
  entries: many(entry),
  settings: one(collectionSettings),
}))

export const collectionSettingsRelations = relations(collectionSettings, ({ one }) => ({
  collection: one(collection, { fields: [collectionSettings.collectionId], references: [collection.id] }),
}))

export const entryRelations = relations(entry, ({ one }) => ({
  collection: one(collection, { fields: [entry.collectionId], references: [collection.id] }),
}))

/** Everything Drizzle needs for typed and relational queries over the app database. */
export const appSchema = {
  collection,
  collectionSettings,
  entry,
  collectionRelations,
  collectionSettingsRelations,
  entryRelations,
}

/** The type of {@link appSchema}. */
export type AppSchema = typeof appSchema

export type Collection = typeof collection.$inferSelect
export type NewCollection = typeof collection.$inferInsert
export type CollectionUpdate = Partial<NewCollection>
export type CollectionSettings = typeof collectionSettings.$inferSelect
export type NewCollectionSettings = typeof collectionSettings.$inferInsert
export type CollectionSettingsUpdate = Partial<NewCollectionSettings>
export type Entry = typeof entry.$inferSelect
export type NewEntry = typeof entry.$inferInsert
export type EntryUpdate = Partial<NewEntry>
