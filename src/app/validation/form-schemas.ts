/** Schemas for forms, derived from the tables, with the rules that the repositories hold values to. */
import { createInsertSchema, createUpdateSchema } from 'drizzle-zod'
import { enum as zodEnum } from 'zod'
import type { ZodString } from 'zod'
import { collection, collectionSettings, entry } from '../../schema/app.ts'
import { collectionRules, collectionSettingsRules, entryRules } from '../data/field-rules.ts'
import type { FieldRule } from '../data/field-rules.ts'

/**
 * What `app.collections.create` takes: a Zod schema, and with that a Standard Schema. An issue names the field, and its
 * message says what is wrong in the words of the repositories. Fields that are not a caller's to set are left out.
 *
 * @example
 * ```ts
 * import { createAppDatabase } from '@typyst/db/app'
 * import { collectionInsertSchema } from '@typyst/db/app/validation'
 *
 * const app = createAppDatabase()
 * const checked = collectionInsertSchema.safeParse({ name: 'Recipes', color: 'teal' })
 * if (checked.success) await app.collections.create(checked.data)
 * ```
 */
export const collectionInsertSchema = createInsertSchema(collection, {
  id: follow(collectionRules.id),
  name: follow(collectionRules.name),
  description: follow(collectionRules.description),
  color: follow(collectionRules.color),
  icon: follow(collectionRules.icon),
  userId: follow(collectionRules.userId),
})
  .pick({ id: true, name: true, description: true, color: true, icon: true, userId: true, createdAt: true })
  .partial({ id: true })

/**
 * What `app.collections.update` takes.
 *
 * @example
 * ```ts
 * import { collectionUpdateSchema } from '@typyst/db/app/validation'
 *
 * const { success } = collectionUpdateSchema.safeParse({ color: 'not a colour!' })
 * ```
 */
export const collectionUpdateSchema = createUpdateSchema(collection, {
  name: follow(collectionRules.name),
  description: follow(collectionRules.description),
  color: follow(collectionRules.color),
  icon: follow(collectionRules.icon),
}).pick({ name: true, description: true, color: true, icon: true })

/**
 * What `app.entries.create` takes.
 *
 * @example
 * ```ts
 * import { entryInsertSchema } from '@typyst/db/app/validation'
 *
 * const { error } = entryInsertSchema.safeParse({ title: 'x'.repeat(2000), collectionId: 'c1' })
 * const fields = error?.issues.map(({ path }) => path.join('.')) // ['title']
 * ```
 */
export const entryInsertSchema = createInsertSchema(entry, {
  id: follow(entryRules.id),
  title: follow(entryRules.title),
  content: follow(entryRules.content),
  collectionId: follow(entryRules.collectionId),
})
  .pick({ id: true, title: true, content: true, collectionId: true, createdAt: true })
  .partial({ id: true })

/**
 * What `app.entries.update` takes.
 *
 * @example
 * ```ts
 * import { entryUpdateSchema } from '@typyst/db/app/validation'
 *
 * const { success } = entryUpdateSchema.safeParse({ content: '# Soup' })
 * ```
 */
export const entryUpdateSchema = createUpdateSchema(entry, {
  title: follow(entryRules.title),
  content: follow(entryRules.content),
}).pick({ title: true, content: true })

/**
 * What `app.settings.upsert` takes.
 *
 * @example
 * ```ts
 * import { collectionSettingsSchema } from '@typyst/db/app/validation'
 *
 * const { success } = collectionSettingsSchema.safeParse({ sortOrder: 'desc' })
 * ```
 */
export const collectionSettingsSchema = createUpdateSchema(collectionSettings, {
  sortBy: follow(collectionSettingsRules.sortBy),
  sortOrder: zodEnum(['asc', 'desc']).nullish(),
  viewMode: follow(collectionSettingsRules.viewMode),
}).pick({ sortBy: true, sortOrder: true, viewMode: true })

/** Adds a rule to the schema of a text. */
function follow(rule: FieldRule): (schema: ZodString) => ZodString {
  return (schema) =>
    schema.refine((value) => rule(value) === undefined, { error: ({ input }) => `This field ${rule(input) ?? ''}.` })
}
