/** The types of the tables and relations that `defineAuthSchema` builds, computed from Better Auth's own types. */
import type { BetterAuthOptions } from 'better-auth'
import type { Relations } from 'drizzle-orm'
import type { KeyOf, Models, NameOf } from './model-types.ts'
import type { BacksOf, OnesOf } from './relation-types.ts'
import type { TableOf } from './table-types.ts'

/** The part of Better Auth's options that decides about tables. The whole of `auth.options` fits. */
export type AuthSchemaOptions = Pick<
  BetterAuthOptions,
  'plugins' | 'user' | 'session' | 'account' | 'verification' | 'rateLimit' | 'advanced'
>

/** The tables and relations of a configuration, by the keys Better Auth's adapter asks for. */
export type AuthSchemaOf<TOptions> = {
  [Model in keyof Models<TOptions> & string as KeyOf<TOptions, Model>]: TableOf<TOptions, Model>
} & {
  [Model in keyof Models<TOptions> & string as `${KeyOf<TOptions, Model>}Relations`]: Relations<
    NameOf<TOptions, Model>,
    OnesOf<TOptions, Model> & BacksOf<TOptions, Model>
  >
}
