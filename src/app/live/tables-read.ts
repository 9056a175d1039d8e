/** Which tables a query reads, by what the planner makes of it: through views, joins, subqueries and relations alike. */
import { TypystDbError } from '../../errors.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'

/** A query as Drizzle writes it. */
export interface WrittenQuery {
  readonly sql: string
  readonly params: readonly unknown[]
}

/**
 * The object ids of the tables whose changes can change the query's result, each given the trigger that tells them.
 *
 * What the planner leaves out, such as a branch that can never be true, cannot change the result. What a function written
 * in another language than SQL reads stays unknown.
 *
 * @throws TypystDbError `INVALID_OPTIONS` for a query that writes, and what the database says to a wrong one.
 */
export async function watchTablesRead(executor: SqlExecutor, { sql, params }: WrittenQuery): Promise<Set<string>> {
  const { rows } = await executor.queryArrays(`explain (verbose, format json) ${sql}`, params)
  const tables = new Map<string, [schema: string, name: string]>()
  collectTables(rows[0]?.[0], tables)
  const { rows: found } = await executor.queryArrays(findTables, [
    Array.from(tables.values(), ([schema]) => schema),
    Array.from(tables.values(), ([, name]) => name),
  ])
  for (const [, qualifiedName, isTold] of found) {
    if (isTold !== true) await executor.exec(createTrigger(String(qualifiedName)))
  }
  return new Set(found.map(([id]) => String(id)))
}

/** Walks a plan, whose nodes lie in objects and arrays of any depth. */
function collectTables(node: unknown, tables: Map<string, [string, string]>): void {
  if (typeof node !== 'object' || node === null) return
  const fields = new Map<string, unknown>(Object.entries(node))
  if (fields.get('Node Type') === 'ModifyTable') {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      'A live query runs again and again, so it has to be a select. Run the statement by itself.',
    )
  }
  const [schema, name] = [fields.get('Schema'), fields.get('Relation Name')]
  if (typeof schema === 'string' && typeof name === 'string') tables.set(JSON.stringify([schema, name]), [schema, name])
  for (const inner of fields.values()) collectTables(inner, tables)
}

/** With the tables that the partitions among them belong to: a write names those. Catalogs take no triggers. */
const findTables = `
  select c.oid::text, format('%I.%I', n.nspname, c.relname),
    exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'typyst_tell_change')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and c.oid in (
    select coalesce(a.relid, r.oid)
    from unnest($1::text[], $2::text[]) as wanted(schema, name)
    join pg_namespace s on s.nspname = wanted.schema
    join pg_class r on r.relnamespace = s.oid and r.relname = wanted.name
    left join lateral pg_partition_ancestors(r.oid) a on true
  )`

function createTrigger(table: string): string {
  return `create or replace trigger typyst_tell_change after insert or update or delete or truncate on ${table}
    for each statement when (current_setting('typyst.tell', true) <> '') execute function public.typyst_tell_change()`
}
