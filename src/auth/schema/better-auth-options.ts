/** What of Better Auth's options decides about tables, as far as it can be checked without Better Auth. */
import { anObject, fieldsOf, listOf, optional } from '../../internal/argument-readers.ts'
import type { Reader } from '../../internal/check-arguments.ts'
import type { AuthSchemaOptions } from './schema-types.ts'

const part = optional(anObject)

/** Takes them; whatever else they hold is Better Auth's. */
export const betterAuthOptions: Reader = fieldsOf<AuthSchemaOptions>({
  plugins: optional(listOf(anObject)),
  user: part,
  session: part,
  account: part,
  verification: part,
  rateLimit: part,
  advanced: part,
})
