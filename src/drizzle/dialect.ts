/** Drizzle's dialect, whose failures to write a value as a parameter become ours. */
import { entityKind } from 'drizzle-orm'
import { is } from 'drizzle-orm'
import type { QueryWithTypings, SQL } from 'drizzle-orm'
import { PgColumn, PgDialect } from 'drizzle-orm/pg-core'
import { isTypystDbError, TypystDbError } from '../errors.ts'
import { withoutCode } from '../internal/plain-parameters.ts'
import { decoderOf } from './column-values.ts'
import { QuickSQL } from './quick-sql.ts'

/** Writes SQL. A class, because Drizzle asks for one. */
export class PortDialect extends PgDialect {
  static override readonly [entityKind]: string = 'TypystDialect'

  override sqlToQuery(sql: SQL, invokeSource?: 'indexes'): QueryWithTypings {
    return convert(() => super.sqlToQuery(new QuickSQL([sql]), invokeSource))
  }

  /** The columns of a relational query read their values as they do elsewhere. */
  override buildRelationalQueryWithoutPK(
    config: Parameters<PgDialect['buildRelationalQueryWithoutPK']>[0],
  ): ReturnType<PgDialect['buildRelationalQueryWithoutPK']> {
    const built = super.buildRelationalQueryWithoutPK(config)
    const selection = built.selection.map((selected) =>
      is(selected.field, PgColumn) ? { ...selected, field: readingExactly(selected.field) } : selected,
    )
    return { ...built, selection }
  }
}

const readers = new WeakMap<PgColumn, PgColumn>()

/** A column with another way to read; the caller's own stays as it is. */
function readingExactly(column: PgColumn): PgColumn {
  const known = readers.get(column)
  if (known) return known
  const decoder = decoderOf(column)
  if (decoder === column) return column
  const mapFromDriverValue = { value: (value: unknown) => decoder.mapFromDriverValue(value) }
  const reader = Object.create(column, { mapFromDriverValue }) as PgColumn // It inherits all of it; `create` cannot say so.
  readers.set(column, reader)
  return reader
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
