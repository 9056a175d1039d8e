/** The services of an auth database, together. */
import { checkCalls } from '../../internal/check-arguments.ts'
import { accountCalls, sessionCalls, userCalls, verificationCalls } from '../auth-calls.ts'
import type { AuthTables } from '../schema/additions.ts'
import { createAccountService } from './accounts.ts'
import type { AccountService } from './accounts.ts'
import { cleanUp, scheduleCleanUp } from './clean-up.ts'
import type { CleanUpOptions, CleanUpResult, CleanUpSchedule, RunningCleanUp } from './clean-up.ts'
import type { AnyDatabase } from './service-call.ts'
import { createSessionService } from './sessions.ts'
import type { SessionService } from './sessions.ts'
import { createUserService } from './users.ts'
import type { UserService } from './users.ts'
import { createVerificationService } from './verifications.ts'
import type { VerificationService } from './verifications.ts'

/** What servers do next to Better Auth. Each function takes `{ tx, logger }` last. */
export interface AuthServices<TSchema extends Record<string, unknown>> {
  /** Find, list and ban users. */
  readonly users: UserService<TSchema>
  /** See and end sessions. */
  readonly sessions: SessionService<TSchema>
  /** How users sign in. */
  readonly accounts: AccountService<TSchema>
  /** Purge verifications. */
  readonly verifications: VerificationService<TSchema>
  /**
   * Deletes expired sessions and verifications, unless another server is at it. Call it from a scheduled job, on as many
   * servers as you like.
   *
   * @throws TypystDbError `INVALID_OPTIONS`, and as every query does; what was deleted before stays deleted.
   */
  cleanUp(options?: CleanUpOptions): Promise<CleanUpResult>
  /**
   * Cleans up regularly until it is stopped or the database closed; for servers without scheduled jobs.
   *
   * @throws TypystDbError `INVALID_OPTIONS` for an `everyMs` that is not whole and above zero.
   *
   * @example
   * ```ts
   * import { createAuthDatabase } from '@typyst/db/auth'
   *
   * const authDb = createAuthDatabase({ connectionString: process.env['DATABASE_URL'] })
   * authDb.scheduleCleanUp({ everyMs: 15 * 60_000, onError: (error) => console.error(error) })
   * ```
   */
  scheduleCleanUp(options?: CleanUpSchedule): RunningCleanUp
}

/** The services, and how to end what they do by themselves. */
export interface BuiltServices {
  readonly services: AuthServices<Record<string, unknown>>
  readonly stop: () => Promise<void>
}

/** Builds the services; nothing runs until one is used. */
export function createAuthServices(db: AnyDatabase, schema: AuthTables): BuiltServices {
  const running = new Set<RunningCleanUp>()
  return {
    services: {
      users: checkCalls('users.', userCalls, createUserService(db, schema)),
      sessions: checkCalls('sessions.', sessionCalls, createSessionService(db, schema)),
      accounts: checkCalls('accounts.', accountCalls, createAccountService(db, schema)),
      verifications: checkCalls('verifications.', verificationCalls, createVerificationService(db, schema)),
      cleanUp: (options) => cleanUp(db, schema, options),
      scheduleCleanUp(options) {
        const schedule = scheduleCleanUp(db, schema, options)
        running.add(schedule)
        return schedule
      },
    },
    async stop() {
      await Promise.all([...running].map((schedule) => schedule.stop()))
    },
  }
}
