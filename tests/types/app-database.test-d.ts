/** What `createAppDatabase` infers from a consumer's schema. */
import { relations } from 'drizzle-orm'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { expectTypeOf } from 'vitest'
import { createAppDatabase } from '../../src/app/index.ts'
import { createTestAppDatabase } from '../../src/testing/index.ts'
import { appSchema, collection } from '../../src/schema/app.ts'
import type { Entry } from '../../src/schema/app.ts'

const tag = pgTable('tag', { id: text('id').primaryKey(), collectionId: text('collection_id') })
const tagRelations = relations(tag, ({ one }) => ({
  collection: one(collection, { fields: [tag.collectionId], references: [collection.id] }),
}))

const standard = createAppDatabase()
expectTypeOf(standard.db.select().from(standard.schema.entry)).resolves.toEqualTypeOf<Entry[]>()
expectTypeOf(standard.db.query.collection.findMany({ with: { entries: true } })).resolves.items.toExtend<{
  entries: Entry[]
}>()
// @ts-expect-error there is no such table
expectTypeOf(standard.db.query.tag).toBeAny()

const extended = createAppDatabase({ schema: { ...appSchema, tag, tagRelations } })
expectTypeOf(extended.db.query.tag.findMany({ with: { collection: true } })).resolves.items.toHaveProperty('collection')
expectTypeOf(extended.db.query.entry.findMany()).resolves.toEqualTypeOf<Entry[]>()

const replaced = createAppDatabase({ schema: { tag } })
expectTypeOf(replaced.db.query.tag.findMany()).resolves.toEqualTypeOf<(typeof tag.$inferSelect)[]>()
// @ts-expect-error the schema was replaced
expectTypeOf(replaced.db.query.entry).toBeAny()

// A variable is not checked for more than it needs to have, so it could pass for the package's own schema.
const ownSchema = { ...appSchema, tag, tagRelations }
const variable = createAppDatabase({ schema: ownSchema })
expectTypeOf(variable.schema).toEqualTypeOf<typeof ownSchema>()
expectTypeOf(variable.db.query.tag.findMany({ with: { collection: true } })).resolves.items.toHaveProperty('collection')
expectTypeOf(variable.entries.get('e1')).resolves.toEqualTypeOf<Entry | undefined>()
const ownOptions = { dataDir: 'memory://', schema: ownSchema }
expectTypeOf(createAppDatabase(ownOptions).db.query.tag.findMany()).resolves.toEqualTypeOf<
  (typeof tag.$inferSelect)[]
>()
expectTypeOf(createTestAppDatabase({ schema: ownSchema })).resolves.toHaveProperty('db')
expectTypeOf((await createTestAppDatabase({ schema: ownSchema })).schema).toEqualTypeOf<typeof ownSchema>()
function build<TSchema extends Record<string, unknown>>(schema: TSchema) {
  return createAppDatabase({ schema })
}
expectTypeOf(build(ownSchema).schema).toEqualTypeOf<typeof ownSchema>()
