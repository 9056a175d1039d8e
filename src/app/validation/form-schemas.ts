/** Schemas for forms, made of the tables and of the rules that the repositories hold values to. */
import type { PgTable } from 'drizzle-orm/pg-core'
import { collection, collectionSettings, entry } from '../../schema/app.ts'
import { pickValues } from '../data/check-values.ts'
import type { CollectionChanges, CollectionValues } from '../data/collection-repository.ts'
import type { EntryChanges, EntryValues } from '../data/entry-repository.ts'
import {
  collectionChangeRules,
  collectionRules,
  collectionSettingsRules,
  entryChangeRules,
  entryRules,
} from '../data/field-rules.ts'
import type { FieldRules } from '../data/field-rules.ts'
import type { SettingsValues } from '../data/settings-repository.ts'
import type { StandardSchema } from './standard-schema.ts'

/**
 * What `app.collections.create` takes, as a Standard Schema. An issue has the field as its path, and its message says what
 * is wrong in the words of the repositories. Fields that are not a caller's to set are left out of the value.
 *
 * @example
 * ```ts
 * import { createAppDatabase } from '@typyst/db/app'
 * import { collectionInsertSchema } from '@typyst/db/app/validation'
 *
 * const app = createAppDatabase()
 * const result = collectionInsertSchema['~standard'].validate({ name: 'Recipes', color: 'teal' })
 * if (!result.issues) await app.collections.create(result.value)
 * ```
 */
export const collectionInsertSchema: StandardSchema<CollectionValues> = createSchema(collection, collectionRules, [
  'name',
])

/**
 * What `app.collections.update` takes, as a Standard Schema.
 *
 * @example
 * ```ts
 * import { collectionUpdateSchema } from '@typyst/db/app/validation'
 *
 * const { issues } = collectionUpdateSchema['~standard'].validate({ color: 'not a colour!' })
 * ```
 */
export const collectionUpdateSchema: StandardSchema<CollectionChanges> = createSchema(collection, collectionChangeRules)

/**
 * What `app.entries.create` takes, as a Standard Schema.
 *
 * @example
 * ```ts
 * import { entryInsertSchema } from '@typyst/db/app/validation'
 *
 * const { issues = [] } = entryInsertSchema['~standard'].validate({ title: 'x'.repeat(2000), collectionId: 'c1' })
 * const fields = issues.map(({ path }) => path?.[0]) // ['title']
 * ```
 */
export const entryInsertSchema: StandardSchema<EntryValues> = createSchema(entry, entryRules, ['title', 'collectionId'])

/**
 * What `app.entries.update` takes, as a Standard Schema.
 *
 * @example
 * ```ts
 * import { entryUpdateSchema } from '@typyst/db/app/validation'
 *
 * const { issues } = entryUpdateSchema['~standard'].validate({ content: '# Soup' })
 * ```
 */
export const entryUpdateSchema: StandardSchema<EntryChanges> = createSchema(entry, entryChangeRules)

/**
 * What `app.settings.upsert` takes, as a Standard Schema.
 *
 * @example
 * ```ts
 * import { collectionSettingsSchema } from '@typyst/db/app/validation'
 *
 * const { issues } = collectionSettingsSchema['~standard'].validate({ sortOrder: 'desc' })
 * ```
 */
export const collectionSettingsSchema: StandardSchema<SettingsValues> = createSchema(
  collectionSettings,
  collectionSettingsRules,
)

function createSchema<TValue extends object>(
  table: PgTable,
  rules: FieldRules,
  required: readonly (keyof TValue & string)[] = [],
): StandardSchema<TValue> {
  const pickFrom = (value: unknown) => {
    try {
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      return isObject ? pickValues(table, rules, value, required) : undefined
    } catch {
      // A getter or a proxy has thrown.
      return undefined
    }
  }
  return {
    '~standard': {
      version: 1,
      vendor: '@typyst/db',
      validate(value) {
        const found = pickFrom(value)
        if (!found) return { issues: [{ message: 'This must be an object.' }] }
        const { picked, problems } = found
        if (problems.length > 0) {
          return { issues: problems.map(({ field, problem }) => ({ message: `This ${problem}.`, path: [field] })) }
        }
        // Every field was checked, and the types test holds the rules against the type.
        return { value: picked as TValue }
      },
    },
  }
}
