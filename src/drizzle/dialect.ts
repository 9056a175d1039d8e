/** Drizzle's dialect, whose failures to write a value as a parameter become ours. */
import { entityKind } from 'drizzle-orm'
import type { QueryWithTypings, SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { isTypystDbError, TypystDbError } from '../errors.ts'
import { withoutCode } from '../internal/plain-parameters.ts'
import { QuickSQL } from './quick-sql.ts'

/** Writes SQL. A class, because Drizzle asks for one. */
export class PortDialect extends PgDialect {
  static override readonly [entityKind]: string = 'TypystDialect'

  override sqlToQuery(sql: SQL, invokeSource?: 'indexes'): QueryWithTypings {
    return convert(() => super.sqlToQuery(new QuickSQL([sql]), invokeSource))
  }
}

/**
 * Runs a conversion of values by Drizzle's columns, some of which are the consumer's own. Whatever they throw says nothing of
 * the database, even where it looks as if it did.
 */
export function convert<T>(conversion: () => T): T {
  try {
    return conversion()
  } catch (thrown) {
    if (isTypystDbError(thrown)) throw thrown
    throw new TypystDbError(
      'INVALID_INPUT',
      'A value cannot be converted between JavaScript and its column. Check its type, and the column in the schema.',
      { cause: withoutCode(thrown) },
    )
  }
}
