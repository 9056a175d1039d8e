/** Whose rows a repository works on. */
import { eq, isNotNull, isNull, ne, or } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { bindAsGiven } from './bind-value.ts'
import type { BindValue } from './bind-value.ts'
import { checkArgument } from './check-values.ts'
import { userIdRule } from './field-rules.ts'

/** Everybody's rows, or those of one user; `userId: null` are the rows of nobody, written before signing in. */
export type RowScope = { readonly kind: 'everybody' } | { readonly kind: 'user'; readonly userId: string | null }

/** The condition that a row is within the scope; none for everybody's. */
export function within(scope: RowScope, userId: PgColumn): SQL | undefined {
  return scope.kind === 'everybody' ? undefined : ownedBy(scope.userId, userId)
}

/** The condition that a row is somebody's outside the scope; none for everybody's. */
export function without(scope: RowScope, userId: PgColumn): SQL | undefined {
  if (scope.kind === 'everybody') return undefined
  return scope.userId === null ? isNotNull(userId) : or(isNull(userId), ne(userId, scope.userId))
}

/** The condition that a row is a user's, or nobody's. */
export function ownedBy(owner: string | null, userId: PgColumn, bind: BindValue = bindAsGiven): SQL {
  return owner === null ? isNull(userId) : eq(userId, bind(owner, userId))
}

/**
 * The scope of one user.
 *
 * @throws TypystDbError `INVALID_INPUT` for what is no user's id, above all `undefined`: a session that is missing must not
 *   become a look at everybody's rows.
 */
export function scopeOf(userId: string | null): RowScope {
  if (userId !== null) checkArgument('userId', userIdRule, userId)
  return { kind: 'user', userId }
}
