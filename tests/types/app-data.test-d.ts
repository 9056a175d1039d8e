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
import { entryInsertSchema } from '../../src/app/validation/index.ts'
import type {
  collectionChangeRules,
  collectionRules,
  collectionSettingsRules,
  entryChangeRules,
  entryRules,
} from '../../src/app/data/field-rules.ts'
import { appSchema } from '../../src/schema/app.ts'
import type {
  Collection,
  CollectionSettings,
  CollectionSettingsUpdate,
  Entry,
  NewCollection,
  NewEntry,
} from '../../src/schema/app.ts'

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

// What the compiler cannot see in the schemas: that each rule is for a field of the type, and each field has a rule.
expectTypeOf<keyof typeof collectionRules>().toEqualTypeOf<keyof CollectionValues>()
expectTypeOf<keyof typeof collectionChangeRules>().toEqualTypeOf<keyof CollectionChanges>()
expectTypeOf<keyof typeof entryRules>().toEqualTypeOf<keyof EntryValues>()
expectTypeOf<keyof typeof entryChangeRules>().toEqualTypeOf<keyof EntryChanges>()
expectTypeOf<keyof typeof collectionSettingsRules>().toEqualTypeOf<keyof SettingsValues>()
// And each of the types is what the table holds.
expectTypeOf<Required<CollectionValues>>().toExtend<NullableOnly<NewCollection, keyof CollectionValues>>()
expectTypeOf<Required<EntryValues>>().toExtend<NullableOnly<NewEntry, keyof EntryValues>>()
expectTypeOf<SettingsValues>().toExtend<CollectionSettingsUpdate>()

type NullableOnly<TRow, TField extends keyof TRow> = { [Field in TField]: TRow[Field] | undefined }

const checked = entryInsertSchema['~standard'].validate({})
if (!checked.issues) expectTypeOf(checked.value).toEqualTypeOf<EntryValues>()
