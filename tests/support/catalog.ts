/** What a schema consists of, as the catalog tells it, to compare two states of a database. */
/** Whatever runs a query. */
interface Queryable {
  query(text: string): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>
}

/** Columns, constraints, indexes, row-level security and rights of every table of `public`, one line each, sorted. */
export async function readCatalog(executor: Queryable): Promise<string[]> {
  const { rows } = await executor.query(`
    select line from (
      select format('column %s.%s %s %s %s identity=%s generated=%s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod),
          attnotnull, case when attgenerated = '' then pg_get_expr(adbin, adrelid) end, attidentity, attgenerated,
          case when attgenerated <> '' then pg_get_expr(adbin, adrelid) end) as line
        from pg_attribute join pg_class on pg_class.oid = attrelid
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm') and attnum > 0 and not attisdropped
      union all
      select format('constraint %s %s', conname, pg_get_constraintdef(oid)) from pg_constraint
        where connamespace = 'public'::regnamespace and contype <> 'n'
      union all
      select format('index %s', indexdef) from pg_indexes where schemaname = 'public'
      union all
      select format('table %s rls=%s', relname, relrowsecurity) from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r'
      union all
      select format('sequence %s %s %s %s %s %s %s', relname, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle)
        from pg_class join pg_sequence on seqrelid = pg_class.oid where relnamespace = 'public'::regnamespace
      union all
      select format('value %s.%s %s', enumtypid::regtype, enumlabel, enumsortorder) from pg_enum
      union all
      select format('type %s', typname) from pg_type where typnamespace = 'public'::regnamespace and typtype <> 'b'
    ) as lines order by line`)
  return rows.map(({ line }) => String(line))
}
