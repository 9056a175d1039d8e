/** `@typyst/db/app/validation`: what forms are checked with. */
export {
  collectionInsertSchema,
  collectionSettingsSchema,
  collectionUpdateSchema,
  entryInsertSchema,
  entryUpdateSchema,
} from './form-schemas.ts'
export type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts'
