/** What `defineAuthSchema` knows of tables at compile time; tests/auth/additions-suite.ts says the same of the tables. */
import { expectTypeOf } from 'vitest'
import type { AuthDatabase, AuthSchemaOf } from '../../src/auth/index.ts'
import type { Account, Session, User, Verification } from '../../src/index.ts'
import type { pluginColumns, pluginOptions } from '../auth/plugin-options.ts'

type Schema = AuthSchemaOf<typeof pluginOptions>
type Row<TTable extends keyof Schema> = Schema[TTable] extends { $inferSelect: infer TRow } ? TRow : never
type New<TTable extends keyof Schema> = Schema[TTable] extends { $inferInsert: infer TRow } ? TRow : never

type Columns = {
  -readonly [Table in keyof typeof pluginColumns]: {
    -readonly [Key in keyof (typeof pluginColumns)[Table]]: (typeof pluginColumns)[Table][Key]
  }
}
expectTypeOf<{
  [Table in keyof Columns]: { [Key in keyof Row<Table>]: null extends Row<Table>[Key] ? '?' : '!' }
}>().toEqualTypeOf<Columns>()

expectTypeOf<Row<'user'>>().toExtend<User>()
expectTypeOf<Row<'user'>['plan']>().toEqualTypeOf<'free' | 'paid'>()
expectTypeOf<Row<'user'>['banExpires']>().toEqualTypeOf<Date | null>()
expectTypeOf<Row<'session'>>().toExtend<Session>()
expectTypeOf<Row<'apikey'>['remaining']>().toEqualTypeOf<number | null>()
expectTypeOf<Row<'rateLimit'>>().toEqualTypeOf<{ id: string; key: string; count: number; lastRequest: number }>()
expectTypeOf<New<'user'>>().toExtend<{ id: string; name: string; email: string; plan?: 'free' | 'paid' | undefined }>()
expectTypeOf<New<'member'>['role']>().toEqualTypeOf<string | undefined>()
expectTypeOf<New<'member'>['organizationId']>().toEqualTypeOf<string>()

declare const db: AuthDatabase<Schema>['db']
const members = await db.query.member.findMany({ with: { user: true, organization: { with: { teams: true } } } })
expectTypeOf(members[0]?.user.email).toEqualTypeOf<string | undefined>()
expectTypeOf(members[0]?.organization.teams[0]?.memberCount).toEqualTypeOf<number | undefined>()
const ada = await db.query.user.findFirst({ with: { sessions: true, passkeys: true, twoFactors: true } })
expectTypeOf(ada?.passkeys[0]?.credentialID).toEqualTypeOf<string | undefined>()
// @ts-expect-error -- No plugin has such a relation.
await db.query.user.findFirst({ with: { invoices: true } })

// Without plugins there are the core tables and no others.
type Core = AuthSchemaOf<{ plugins: [] }>
expectTypeOf<Core['user']['$inferSelect']>().toEqualTypeOf<User>()
expectTypeOf<Core['session']['$inferSelect']>().toEqualTypeOf<Session>()
expectTypeOf<Core['account']['$inferSelect']>().toEqualTypeOf<Account>()
expectTypeOf<Core['verification']['$inferSelect']>().toEqualTypeOf<Verification>()

// Other names and other kinds of keys.
type Renamed = AuthSchemaOf<{
  user: { modelName: 'people'; fields: { email: 'emailAddress' } }
  advanced: { database: { generateId: 'serial' } }
}>
expectTypeOf<Renamed['people']['$inferSelect']['emailAddress']>().toEqualTypeOf<string>()
expectTypeOf<Renamed['session']['$inferSelect']['userId']>().toEqualTypeOf<number>()
expectTypeOf<Renamed['people']['$inferInsert']['id']>().toEqualTypeOf<number | undefined>()
