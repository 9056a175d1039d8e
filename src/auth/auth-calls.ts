/** What `createAuthDatabase` and the methods of what it gives may be passed. */
import {
  anObject,
  callback,
  callbackOr,
  date,
  fits,
  flag,
  having,
  listOf,
  milliseconds,
  oneOf,
  optional,
  options,
  record,
  text,
  textOr,
  whole,
} from '../internal/argument-readers.ts'
import type { Readers } from '../internal/argument-readers.ts'
import { atOnce, later, refuse } from '../internal/check-arguments.ts'
import type { CallRules, Reader } from '../internal/check-arguments.ts'
import { queryHookReaders } from '../internal/query-hooks.ts'
import type { TlsOptions } from './connection/tls.ts'
import type { AuthDatabase, AuthTransactionOptions } from './create-auth-database.ts'
import type { ExposureOptions } from './exposure.ts'
import type { AuthDatabaseOptions } from './options.ts'
import type { AccountService } from './services/accounts.ts'
import type { CleanUpOptions, CleanUpSchedule } from './services/clean-up.ts'
import type { PurgeOptions } from './services/purge-expired.ts'
import type { AnyCall } from './services/service-call.ts'
import type { SessionService } from './services/sessions.ts'
import type { BanOptions, ListUsersOptions, UserService } from './services/users.ts'
import type { VerificationService } from './services/verifications.ts'

type AnySchema = Record<string, unknown>

const count = whole(1, Number.MAX_SAFE_INTEGER)

/** Of `createAuthDatabase`; what hangs together is looked at where it is resolved. */
export const authOptions: Reader = options<AuthDatabaseOptions<AnySchema>>({
  ...queryHookReaders,
  connectionString: text,
  dataDir: text,
  schema: anObject,
  migrationUrl: text,
  migrationLockTimeoutMs: milliseconds,
  reusePool: flag,
  debug: callbackOr(flag),
  onNotice: callback,
  preset: oneOf('server', 'serverless'),
  maxConnections: count,
  connectTimeoutMs: milliseconds,
  acquireTimeoutMs: milliseconds,
  idleTimeoutMs: milliseconds,
  statementTimeoutMs: milliseconds,
  responseTimeoutMs: milliseconds,
  lockTimeoutMs: milliseconds,
  idleInTransactionTimeoutMs: milliseconds,
  closeTimeoutMs: milliseconds,
  tls: textOr(oneOf('verify', 'no-verify', 'off'), record<TlsOptions>({ ca: textOr(text, listOf(text)) }, ['ca'])),
  preparedStatements: flag,
  pooler: oneOf('none', 'transaction'),
  postgresSchema: text,
})

/** An id of a row; what it looks like is Better Auth's to say. */
const id = fits((value) => {
  if (typeof value !== 'string') return 'must be a text'
  return value.length === 0 || value.length > 255 ? 'must have 1 to 255 characters' : undefined
})
/** A text that is looked for, or kept. */
const shortText = fits((value) => {
  if (typeof value !== 'string') return 'must be a text'
  return value.length > 65_536 ? 'may have at most 65,536 characters' : undefined
})

const serviceCall: Readers<AnyCall> = {
  tx: having('select', 'insert', 'update', 'delete', 'execute', 'transaction'),
  logger: having('info'),
}
const call = optional(options<AnyCall>(serviceCall))
const purge: Readers<PurgeOptions> = { batchRows: count, maxRows: count }
const cleanUp: Readers<CleanUpOptions> = { ...purge, logger: serviceCall.logger }
const purgeExpired = later({ options: optional(options<PurgeOptions>(purge)), call })

/** A user's id or address. */
const by: Reader = (value, place) => {
  const keys = record<{ id: string; email: string }>({ id, email: shortText })(value, place)
  const isOne = typeof keys === 'object' && keys !== null && Object.keys(keys).length === 1
  return isOne ? keys : refuse(place, 'must hold either `id` or `email`')
}

/** A wrong cursor is no wrong option: it came from a page. */
const cursor: Reader = (value, place) => shortText(value, { ...place, code: 'INVALID_INPUT' })

/** Of `authDb.users`. */
export const userCalls: CallRules<UserService<AnySchema>> = {
  find: later({ by, call }),
  list: later({
    options: optional(options<ListUsersOptions>({ search: shortText, limit: whole(1, 1000), after: cursor })),
    call,
  }),
  ban: later({
    userId: id,
    options: optional(options<BanOptions>({ reason: shortText, expiresAt: date })),
    call,
  }),
  unban: later({ userId: id, call }),
}

/** Of `authDb.sessions`. */
export const sessionCalls: CallRules<SessionService<AnySchema>> = {
  active: later({ userId: id, call }),
  revoke: later({ sessionId: id, call }),
  revokeAll: later({ userId: id, options: optional(options<{ except?: string }>({ except: id })), call }),
  purgeExpired,
}

/** Of `authDb.accounts`. */
export const accountCalls: CallRules<AccountService<AnySchema>> = { ofUser: later({ userId: id, call }) }

/** Of `authDb.verifications`. */
export const verificationCalls: CallRules<VerificationService<AnySchema>> = { purgeExpired }

const exposure = later({
  options: optional(options<ExposureOptions>({ allowedViews: listOf(text), allowed: listOf(text) })),
})

/** Of the database itself. The tag and the adapter have their own. */
export const authCalls: CallRules<Omit<AuthDatabase<AnySchema>, 'sql' | 'adapter'>> = {
  transaction: later({
    run: callback,
    options: optional(
      options<AuthTransactionOptions>({
        retry: count,
        isolationLevel: oneOf('read uncommitted', 'read committed', 'repeatable read', 'serializable'),
        accessMode: oneOf('read only', 'read write'),
        deferrable: flag,
      }),
    ),
  }),
  migrate: later(),
  rollback: later({ steps: optional((value, place) => count(value, { ...place, code: 'INVALID_OPTIONS' })) }),
  migrationStatus: later(),
  verifyAuthSchema: later({ options: anObject }),
  assertNotExposed: exposure,
  exposure,
  ready: later(),
  health: later({ options: optional(options<{ timeoutMs?: number }>({ timeoutMs: milliseconds })) }),
  poolStatus: atOnce(),
  close: later(),
  cleanUp: later({ options: optional(options<CleanUpOptions>(cleanUp)) }),
  scheduleCleanUp: atOnce({
    options: optional(options<CleanUpSchedule>({ ...cleanUp, everyMs: milliseconds, onError: callback })),
  }),
}
