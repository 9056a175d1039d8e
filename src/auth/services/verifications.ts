/** What servers do with verifications next to Better Auth. */
import type { AuthTables } from '../schema/additions.ts'
import { purgeExpired } from './purge-expired.ts'
import type { PurgeOptions } from './purge-expired.ts'
import type { AnyDatabase, ServiceCall } from './service-call.ts'
import { serviceTable } from './service-tables.ts'

/** Verifications: tokens that were sent out. */
export interface VerificationService<TSchema extends Record<string, unknown>> {
  /**
   * Deletes verifications that have expired, in batches. Safe on many servers at once.
   *
   * @returns How many it deleted.
   * @throws TypystDbError `INVALID_OPTIONS` for numbers that are not whole and above zero.
   */
  purgeExpired(options?: PurgeOptions, call?: ServiceCall<TSchema>): Promise<number>
}

/** Builds the service; nothing runs until it is used. */
export function createVerificationService(
  db: AnyDatabase,
  schema: AuthTables,
): VerificationService<Record<string, unknown>> {
  return {
    async purgeExpired(options, call) {
      const table = serviceTable(schema, 'verification')
      return purgeExpired(db, table, 'verifications.purgeExpired', options, call)
    },
  }
}
