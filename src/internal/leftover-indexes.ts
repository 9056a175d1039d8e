/** What a `create index concurrently` that was interrupted leaves behind: an index by its name, of no use. */
import type { SqlConnection } from './sql-connection.ts'

/** The name and the table of each index that is created so: `"a"`, `public.thing`. */
const concurrentIndex =
  /\bcreate\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|[\w$]+)\s+on\s+(?:only\s+)?((?:(?:"(?:[^"]|"")+"|[\w$]+)\s*\.\s*)?(?:"(?:[^"]|"")+"|[\w$]+))/giu

/**
 * Drops the invalid indexes that a migration is about to create, so that `if not exists` does not take one of them for done.
 *
 * @param text - The statements of a migration that runs outside a transaction.
 * @see https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
 */
export async function dropLeftoverIndexes(connection: SqlConnection, text: string): Promise<void> {
  const wanted = [...text.matchAll(concurrentIndex)].map(([, name = '', table = '']) => ({ name, table }))
  if (wanted.length === 0) return
  const { rows } = await connection.query(
    `select format('%I.%I', nspname, relname) as name
     from json_to_recordset($1::json) as wanted (name text, "table" text)
       join pg_index on indrelid = to_regclass(wanted."table") and not indisvalid
       join pg_class on pg_class.oid = indexrelid and relkind = 'i' and array[relname::text] = parse_ident(wanted.name)
       join pg_namespace on pg_namespace.oid = relnamespace`,
    [JSON.stringify(wanted)],
  )
  for (const { name } of rows) await connection.exec(`drop index concurrently if exists ${String(name)}`)
}
