/** Tells the planner of tables that have grown. Postgres leaves that to autovacuum, which PGlite has not. */
import type { SqlExecutor } from '../internal/sql-connection.ts'

/**
 * Analyzes the tables that have grown by a fifth since they last were: without, Postgres takes a collection of 100,000
 * entries for one of a few, and sorts all of them for the first page of a list.
 */
export async function refreshStatistics(executor: SqlExecutor): Promise<void> {
  const { rows } = await executor.queryArrays(grownTables)
  const names = rows[0]?.[0]
  if (typeof names === 'string') await executor.exec(`analyze ${names}`)
}

/** Those of the search are left out: its statements say themselves how they run. A few pages more matter to nobody. */
const grownTables = `
  select string_agg(format('%I.%I', n.nspname, c.relname), ', ')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')
    and c.relname not in ('entry_search', 'entry_search_pending')
    and pg_relation_size(c.oid) / current_setting('block_size')::int > c.relpages * 1.2 + 16`
