/** The error of tabs whose code is older than the database. */
import { TypystDbError } from '../../errors.ts'

/** What the tab of older code gets for everything. */
export function schemaOutdated(): TypystDbError {
  return new TypystDbError(
    'SCHEMA_OUTDATED',
    'Another tab runs newer code and has migrated the database; this tab may use it no more. Reload the page; nothing was changed.',
  )
}
