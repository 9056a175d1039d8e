/** Drizzle's dialect, whose failures to write a value as a parameter become ours. */
import { entityKind, is, sql, SQL } from 'drizzle-orm'
import type { QueryWithTypings } from 'drizzle-orm'
import { PgColumn, PgDialect } from 'drizzle-orm/pg-core'
import { isTypystDbError, TypystDbError } from '../errors.ts'
import { withoutCode } from '../internal/plain-parameters.ts'
import { decoderOf, textDecoderOf } from './column-values.ts'
import type { Decoder } from './column-values.ts'
import { writeNested } from './nested-values.ts'
import { markInJson, QuickSQL } from './quick-sql.ts'

/** Writes SQL. A class, because Drizzle asks for one. */
export class PortDialect extends PgDialect {
  static override readonly [entityKind]: string = 'TypystDialect'

  override sqlToQuery(sql: SQL, invokeSource?: 'indexes'): QueryWithTypings {
    return convert(() => super.sqlToQuery(new QuickSQL([sql]), invokeSource))
  }

  /** The columns of a relational query read their values as they do elsewhere, those of rows inside of others included. */
  override buildRelationalQueryWithoutPK(
    config: RelationalConfig,
  ): ReturnType<PgDialect['buildRelationalQueryWithoutPK']> {
    const isNested = config.nestedQueryRelation !== undefined
    const { queryConfig, extras } = noteExtras(config.queryConfig, isNested)
    const built = super.buildRelationalQueryWithoutPK({ ...config, queryConfig })
    const selection = built.selection.map((selected) => {
      const { field, tsKey } = selected
      const extra = extras()[tsKey]
      if (is(field, SQL.Aliased) && extra && !selected.isJson)
        return { ...selected, field: sql``.mapWith(decoderOfExtra(extra, isNested)) }
      if (!is(field, PgColumn)) return selected
      if (isNested) markInJson(field)
      return { ...selected, field: readingExactly(field, isNested) }
    })
    return { ...built, selection }
  }
}

type RelationalConfig = Parameters<PgDialect['buildRelationalQueryWithoutPK']>[0]
type Extras = Readonly<Record<string, SQL.Aliased>>

/** Drizzle forgets how expressions of a relational query are to be read; so they are noted as they are asked for. */
function noteExtras(
  queryConfig: RelationalConfig['queryConfig'],
  isNested: boolean,
): { queryConfig: RelationalConfig['queryConfig']; extras: () => Extras } {
  let noted: Extras = {}
  if (queryConfig === true || !queryConfig.extras) return { queryConfig, extras: () => noted }
  const { extras: asked } = queryConfig
  const extras: typeof asked = (fields, operators) => {
    noted = typeof asked === 'function' ? asked(fields, operators) : asked
    return isNested ? Object.fromEntries(Object.entries(noted).map(([key, extra]) => [key, throughJson(extra)])) : noted
  }
  return { queryConfig: { ...queryConfig, extras }, extras: () => noted }
}

/** An expression that is read like a column travels like one. */
function throughJson(extra: SQL.Aliased): SQL.Aliased {
  const { decoder } = extra.sql
  if (!is(decoder, PgColumn)) return extra
  const around = writeNested(decoder, '\0').split('\0')
  return sql
    .join(around.flatMap((text, at) => (at === 0 ? [sql.raw(text)] : [extra.sql, sql.raw(text)])))
    .as(extra.fieldAlias)
}

function decoderOfExtra(extra: SQL.Aliased, isNested: boolean): Decoder {
  const { decoder } = extra.sql
  if (!is(decoder, PgColumn)) return decoder
  return isNested ? textDecoderOf(decoder) : decoderOf(decoder)
}

const readers = new WeakMap<PgColumn, PgColumn>()

/** A column with another way to read; the caller's own stays as it is. */
function readingExactly(column: PgColumn, isNested: boolean): PgColumn {
  const known = readers.get(column)
  if (known) return known
  const decoder = isNested ? textDecoderOf(column) : decoderOf(column)
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
