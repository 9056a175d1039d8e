/** How a user signs in, without the secrets. */
import { eq, isNotNull } from 'drizzle-orm'
import type { Account } from '../../schema/auth.ts'
import type { AuthTables } from '../schema/additions.ts'
import type { AnyDatabase, ServiceCall } from './service-call.ts'
import { serviceTable } from './service-tables.ts'

/** One way a user signs in. Tokens and the password's hash are left out. */
export type AccountSummary = Pick<
  Account,
  'id' | 'accountId' | 'providerId' | 'userId' | 'scope' | 'createdAt' | 'updatedAt'
> & {
  /** Whether it is one with a password. */
  readonly hasPassword: boolean
}

/** Accounts. */
export interface AccountService<TSchema extends Record<string, unknown>> {
  /** The accounts of a user, oldest first. */
  ofUser(userId: string, call?: ServiceCall<TSchema>): Promise<AccountSummary[]>
}

/** Builds the service; nothing runs until it is used. */
export function createAccountService(db: AnyDatabase, schema: AuthTables): AccountService<Record<string, unknown>> {
  return {
    async ofUser(userId, { tx = db } = {}) {
      const account = serviceTable(schema, 'account')
      const { id, accountId, providerId, userId: owner, scope, createdAt, updatedAt } = account
      const hasPassword = isNotNull(account.password).mapWith(Boolean)
      return tx
        .select({ id, accountId, providerId, userId: owner, scope, createdAt, updatedAt, hasPassword })
        .from(account)
        .where(eq(owner, userId))
        .orderBy(createdAt, id)
    },
  }
}
