/** What the repositories and the schemas for forms infer, and where there are none. */
import { pgTable, text } from 'drizzle-orm/pg-core'
import { expectTypeOf } from 'vitest'
import { createAppDatabase } from '../../src/app/index.ts'
import type {
  AppData,
  CollectionChanges,
  CollectionValues,
  EntryChanges,
  EntryValues,
  SettingsValues,
} from '../../src/app/index.ts'
import {
  collectionInsertSchema,
  collectionSettingsSchema,
  collectionUpdateSchema,
  entryInsertSchema,
  entryUpdateSchema,
} from '../../src/app/validation/index.ts'
import { appSchema } from '../../src/schema/app.ts'
import type { Collection, CollectionSettings, Entry } from '../../src/schema/app.ts'

const app = createAppDatabase()

expectTypeOf(app.entries.list()).resolves.toEqualTypeOf<{
  readonly rows: Pick<Entry, Exclude<keyof Entry, 'content'>>[]
  readonly nextCursor: string | undefined
}>()
expectTypeOf(app.entries.list({ columns: ['id', 'content'], sort: 'title' }))
  .resolves.toHaveProperty('rows')
  .items.toEqualTypeOf<Pick<Entry, 'id' | 'content'>>()
expectTypeOf(app.entries.get('e')).resolves.toEqualTypeOf<Entry | undefined>()
expectTypeOf(app.entries.get('e', { columns: ['title'] })).resolves.toEqualTypeOf<Pick<Entry, 'title'> | undefined>()
expectTypeOf(app.collections.list()).resolves.toHaveProperty('rows').items.toEqualTypeOf<Collection>()
expectTypeOf(app.forUser('ada').settings.get('c')).resolves.toEqualTypeOf<CollectionSettings | undefined>()
expectTypeOf(app.forUser(null).entries).toEqualTypeOf(app.entries)
// @ts-expect-error there is no such column
void app.entries.list({ columns: ['color'] })
// @ts-expect-error collections have names
void app.collections.list({ sort: 'title' })
// @ts-expect-error the package keeps it
void app.entries.update('e', { updatedAt: new Date() })
// @ts-expect-error a user's id may be missing only where the caller says so
void app.forUser(undefined)

// Transactions are Drizzle's own, relational queries included.
void app.transaction(async ({ tx, entries }) => {
  expectTypeOf(tx.query.entry.findMany()).resolves.toEqualTypeOf<Entry[]>()
  await entries.count()
  return tx.transaction((nested) => app.entries.get('e', { tx: nested }))
})

const tag = pgTable('tag', { id: text('id').primaryKey() })
const extended = createAppDatabase({ schema: { ...appSchema, tag } })
expectTypeOf(extended.entries).toEqualTypeOf(app.entries)
void extended.transaction(({ tx }) => tx.query.tag.findMany())
void app.copyTo(extended)
const replaced = createAppDatabase({ schema: { tag } })
expectTypeOf(replaced).not.toHaveProperty('entries')
expectTypeOf(replaced).not.toExtend<AppData>()

expectTypeOf<ReturnType<typeof collectionInsertSchema.parse>>().toExtend<CollectionValues>()
expectTypeOf<ReturnType<typeof collectionUpdateSchema.parse>>().toExtend<CollectionChanges>()
expectTypeOf<ReturnType<typeof entryInsertSchema.parse>>().toExtend<EntryValues>()
expectTypeOf<ReturnType<typeof entryUpdateSchema.parse>>().toExtend<EntryChanges>()
expectTypeOf<ReturnType<typeof collectionSettingsSchema.parse>>().toExtend<SettingsValues>()
