/** What a schema consists of, as the catalog tells it, to compare two states of a database. */
import type { SqlExecutor } from '../../src/internal/sql-connection.ts'

/** Columns, constraints, indexes, row-level security and rights of every table of `public`, one line each, sorted. */
export async function readCatalog(executor: SqlExecutor): Promise<string[]> {
  const { rows } = await executor.query(`
    select line from (
      select format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
        from information_schema.columns where table_schema = 'public'
      union all
      select format('constraint %s %s', conname, pg_get_constraintdef(oid)) from pg_constraint
        where connamespace = 'public'::regnamespace and contype <> 'n'
      union all
      select format('index %s', indexdef) from pg_indexes where schemaname = 'public'
      union all
      select format('table %s rls=%s', relname, relrowsecurity) from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r'
      union all
      select format('sequence %s', relname) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S'
      union all
      select format('type %s', typname) from pg_type where typnamespace = 'public'::regnamespace and typtype <> 'b'
    ) as lines order by line`)
  return rows.map(({ line }) => String(line))
}
