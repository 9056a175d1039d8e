/** Closes what a migration has made to everybody but its owner, in the migration's own transaction. */
import type { SqlExecutor } from '../internal/sql-connection.ts'

/**
 * Supabase gives its Data API's roles every right on every new table by default privileges, and those are not ours to
 * change: other tables of the schema may be meant to be seen. So each table, view and sequence that this transaction has
 * made or altered, which is what `xmin` says, loses those rights before anybody can see it.
 */
const sealStatement = (kinds: string) => `
do $$
declare
  made record;
  api_role name;
begin
  for made in
    select class.oid::regclass as name, relkind from pg_class as class
    where class.xmin = pg_current_xact_id()::xid and relkind in (${kinds}) and relpersistence <> 't'
      and pg_has_role(relowner, 'usage')
  loop
    if made.relkind in ('r', 'p') then
      execute format('alter table %s enable row level security', made.name);
    end if;
    execute format('revoke all on %s %s from public', case made.relkind when 'S' then 'sequence' else 'table' end, made.name);
    for api_role in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on %s %s from %I', case made.relkind when 'S' then 'sequence' else 'table' end, made.name, api_role);
    end loop;
  end loop;
end
$$`

/** Seals what the transaction of this executor has made so far. */
export function sealTables(transaction: SqlExecutor): Promise<void> {
  return transaction.exec(sealStatement("'r', 'p', 'v', 'm', 'S'"))
}

/**
 * Seals the sequences that it has made, those of identities and serials included. Tables it may have altered that others are
 * meant to see: a new reference alters the table that it refers to.
 */
export function sealSequences(transaction: SqlExecutor): Promise<void> {
  return transaction.exec(sealStatement("'S'"))
}
