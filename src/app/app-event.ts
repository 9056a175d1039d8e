/** What an app is told about a database that several tabs share. */
import type { TypystDbError } from '../errors.ts'

/**
 * Something that happened to a database that tabs share through workers. `leader-changed`: another tab holds it now, so
 * notifications may have been missed. `schema-outdated`: newer code has migrated it, this tab may use it no more; offer a
 * reload. `reload-needed`: this tab has to open it itself and its code is no longer on the server; offer a reload.
 * `destroyed`: another tab deleted it, and it is closed here.
 */
export type AppEvent =
  | { readonly type: 'leader-changed'; /** Whether this tab's worker holds it now. */ readonly isLeader: boolean }
  | { readonly type: 'schema-outdated'; readonly error: TypystDbError }
  | { readonly type: 'reload-needed'; readonly error: TypystDbError }
  | { readonly type: 'destroyed' }
