/** The row types, checked by the compiler: `npm run types` fails when one changes. */
import { expectTypeOf } from 'vitest'
import type {
  Account,
  Collection,
  CollectionSettings,
  CollectionSettingsUpdate,
  CollectionUpdate,
  Entry,
  EntryUpdate,
  NewCollection,
  NewEntry,
  NewSession,
  NewUser,
  Session,
  User,
  UserUpdate,
  Verification,
} from '../../src/index.ts'

expectTypeOf<User>().toEqualTypeOf<{
  id: string
  name: string
  email: string
  emailVerified: boolean
  image: string | null
  createdAt: Date
  updatedAt: Date
}>()
expectTypeOf<NewUser>().toExtend<{
  id: string
  name: string
  email: string
  emailVerified?: boolean | undefined
}>()
expectTypeOf<UserUpdate>().toEqualTypeOf<Partial<NewUser>>()
expectTypeOf<Session>().toEqualTypeOf<{
  id: string
  expiresAt: Date
  token: string
  createdAt: Date
  updatedAt: Date
  ipAddress: string | null
  userAgent: string | null
  userId: string
}>()
expectTypeOf<NewSession['createdAt']>().toEqualTypeOf<Date | undefined>()
expectTypeOf<Account>().toEqualTypeOf<{
  id: string
  accountId: string
  providerId: string
  userId: string
  accessToken: string | null
  refreshToken: string | null
  idToken: string | null
  accessTokenExpiresAt: Date | null
  refreshTokenExpiresAt: Date | null
  scope: string | null
  password: string | null
  createdAt: Date
  updatedAt: Date
}>()
expectTypeOf<Verification>().toEqualTypeOf<{
  id: string
  identifier: string
  value: string
  expiresAt: Date
  createdAt: Date
  updatedAt: Date
}>()
expectTypeOf<Collection>().toEqualTypeOf<{
  id: string
  name: string
  description: string | null
  color: string | null
  icon: string | null
  userId: string | null
  createdAt: Date
  updatedAt: Date
  deletedAt: Date | null
}>()
expectTypeOf<NewCollection>().toExtend<{ id: string; name: string; color?: string | null | undefined }>()
expectTypeOf<CollectionUpdate['name']>().toEqualTypeOf<string | undefined>()
expectTypeOf<CollectionSettings>().toEqualTypeOf<{
  id: string
  collectionId: string
  sortBy: string | null
  sortOrder: string | null
  viewMode: string | null
  userId: string | null
  createdAt: Date
  updatedAt: Date
}>()
expectTypeOf<CollectionSettingsUpdate['viewMode']>().toEqualTypeOf<string | null | undefined>()
expectTypeOf<Entry>().toEqualTypeOf<{
  id: string
  title: string
  content: string | null
  collectionId: string
  userId: string | null
  createdAt: Date
  updatedAt: Date
  deletedAt: Date | null
}>()
expectTypeOf<NewEntry>().toExtend<{ id: string; title: string; collectionId: string }>()
// @ts-expect-error an entry needs a collection
const incomplete: NewEntry = { id: 'e', title: 'Soup' }
expectTypeOf(incomplete).toEqualTypeOf<NewEntry>()
expectTypeOf<EntryUpdate['deletedAt']>().toEqualTypeOf<Date | null | undefined>()
