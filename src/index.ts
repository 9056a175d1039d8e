/** `@typyst/db`: errors, both schemas and their row types; safe anywhere. */
export { isTypystDbError, TypystDbError, typystDbErrorCodes } from './errors.ts'
export type { TypystDbErrorCode, TypystDbErrorDetails, TypystDbErrorOptions } from './errors.ts'
export {
  appSchema,
  collection,
  collectionRelations,
  collectionSettings,
  collectionSettingsRelations,
  entry,
  entryRelations,
} from './schema/app.ts'
export type {
  AppSchema,
  Collection,
  CollectionSettings,
  CollectionSettingsUpdate,
  CollectionUpdate,
  Entry,
  EntryUpdate,
  NewCollection,
  NewCollectionSettings,
  NewEntry,
} from './schema/app.ts'
export {
  account,
  accountRelations,
  authSchema,
  session,
  sessionRelations,
  user,
  userRelations,
  verification,
} from './schema/auth.ts'
export type {
  Account,
  AccountUpdate,
  AuthSchema,
  NewAccount,
  NewSession,
  NewUser,
  NewVerification,
  Session,
  SessionUpdate,
  User,
  UserUpdate,
  Verification,
  VerificationUpdate,
} from './schema/auth.ts'
