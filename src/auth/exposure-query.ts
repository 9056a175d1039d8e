/** The queries behind the inspection of who can see the auth tables; `$1` is an array with their names. */

/** What the queries have in common: who asks, the auth tables, and what is built over them. */
const common = `
with recursive
  api_role (name, oid) as (
    select rolname::text, oid from pg_roles where rolname in ('anon', 'authenticated')
    union all select 'public', 0
  ),
  named_table (oid) as (
    select class.oid from unnest($1::text[]) as name join pg_class as class on class.oid = to_regclass(quote_ident(name))
  ),
  -- With what inherits from them, partitions included: rows that are theirs, with rights of its own.
  family (oid) as (
    select oid from named_table
    union
    select inhrelid from family join pg_inherits on inhparent = family.oid
  ),
  auth_table as (
    select class.oid, format('%I.%I', nspname, relname) as qualified, nspname, relname, relnamespace, relowner,
      relrowsecurity, class.oid in (select oid from named_table) as is_named
    from family join pg_class as class using (oid) join pg_namespace on pg_namespace.oid = relnamespace
  ),
  -- What selects from them, at however many removes. A view that asks with the rights of its reader shows nothing by
  -- itself, wherever it is nested; a materialized view keeps what its owner saw.
  derived (oid, is_open) as (
    select oid, true from auth_table
    union
    select view.oid, view.relkind = 'm' or derived.is_open and not coalesce((
      select option_value::boolean from pg_options_to_table(view.reloptions) where option_name = 'security_invoker'
    ), false)
    from derived
    join pg_depend on refclassid = 'pg_class'::regclass and refobjid = derived.oid and classid = 'pg_rewrite'::regclass
    join pg_rewrite on pg_rewrite.oid = objid and ev_type = '1'
    join pg_class as view on view.oid = ev_class and view.relkind in ('v', 'm')
  )`

/** What the catalog shows by itself: one row for each finding. */
export const exposureQuery = `${common},
  ancestor (oid, below) as (
    select inhparent, inhrelid from auth_table join pg_inherits on inhrelid = auth_table.oid where is_named
    union
    select inhparent, inhrelid from ancestor join pg_inherits on inhrelid = ancestor.oid
  ),
  exposed_schemas (list) as (
    select string_to_array(replace(split_part(setting, '=', 2), ' ', ''), ',')
    from pg_db_role_setting join pg_roles on pg_roles.oid = setrole, unnest(setconfig) as setting
    where rolname = 'authenticator' and setting like 'pgrst.db\\_schemas=%'
  ),
  own_sequence (oid) as (
    select objid from auth_table join pg_depend on refclassid = 'pg_class'::regclass and refobjid = auth_table.oid
      and classid = 'pg_class'::regclass and deptype in ('a', 'i')
    union
    select refobjid from auth_table join pg_attrdef on adrelid = auth_table.oid
      join pg_depend on classid = 'pg_attrdef'::regclass and objid = pg_attrdef.oid and refclassid = 'pg_class'::regclass
  ),
  finding (kind, subject, role, via) as (
    select 'rights', qualified, api_role.name, null from auth_table, api_role
    where has_table_privilege(api_role.name, auth_table.oid, 'select, insert, update, delete, truncate, references, trigger')
      or has_any_column_privilege(api_role.name, auth_table.oid, 'select, insert, update, references')
    union all
    select 'membership', qualified, api_role.name, quote_ident(pg_roles.rolname)
    from auth_table, api_role join pg_roles on pg_roles.oid <> api_role.oid
    where api_role.oid <> 0 and pg_has_role(api_role.oid, pg_roles.oid, 'member')
      and (has_table_privilege(pg_roles.oid, auth_table.oid, 'select, insert, update, delete, truncate, references, trigger')
        or has_any_column_privilege(pg_roles.oid, auth_table.oid, 'select, insert, update, references'))
    union all
    select 'role', quote_ident(rolname), rolname::text, null from api_role join pg_roles using (oid)
    where rolsuper or rolbypassrls or rolreplication or rolcreaterole
    union all
    select 'row-security', qualified, null, null from auth_table where not relrowsecurity
    union all
    select 'policy', qualified, api_role.name, null from auth_table
    join pg_policy on polrelid = auth_table.oid
    join api_role on api_role.oid = any (polroles) or api_role.oid <> 0 and exists (
      select from unnest(polroles) as polrole where polrole <> 0 and pg_has_role(api_role.oid, polrole, 'member')
    )
    union all
    select 'view', format('%I.%I', nspname, relname), api_role.name, null
    from derived join pg_class using (oid) join pg_namespace on pg_namespace.oid = relnamespace, api_role
    where is_open and relkind in ('v', 'm') and has_schema_privilege(api_role.name, relnamespace, 'usage')
      and (has_table_privilege(api_role.name, pg_class.oid, 'select, insert, update, delete')
        or has_any_column_privilege(api_role.name, pg_class.oid, 'select, insert, update'))
    union all
    select 'inheritance', format('%I.%I', nspname, relname), api_role.name, below::regclass::text
    from ancestor join pg_class using (oid) join pg_namespace on pg_namespace.oid = relnamespace, api_role
    where has_table_privilege(api_role.name, pg_class.oid, 'select, insert, update, delete, truncate')
      or has_any_column_privilege(api_role.name, pg_class.oid, 'select, insert, update')
    union all
    -- A rule of a table that others may write runs with the rights of the table's owner.
    select 'rule', format('%I.%I', nspname, relname), api_role.name, quote_ident(rulename)
    from derived
    join pg_depend on refclassid = 'pg_class'::regclass and refobjid = derived.oid and classid = 'pg_rewrite'::regclass
    join pg_rewrite on pg_rewrite.oid = objid and ev_type <> '1' and ev_class not in (select oid from auth_table)
    join pg_class on pg_class.oid = ev_class join pg_namespace on pg_namespace.oid = relnamespace, api_role
    where has_table_privilege(api_role.name, ev_class, 'insert, update, delete')
      or has_any_column_privilege(api_role.name, ev_class, 'insert, update')
    union all
    -- A rule of an auth table writes what is written there somewhere else, too.
    select 'copy', format('%I.%I', pg_namespace.nspname, pg_class.relname), api_role.name, quote_ident(rulename)
    from auth_table join pg_rewrite on ev_class = auth_table.oid and ev_type <> '1'
    join pg_depend on classid = 'pg_rewrite'::regclass and objid = pg_rewrite.oid and refclassid = 'pg_class'::regclass
    join pg_class on pg_class.oid = refobjid and pg_class.oid not in (select oid from auth_table)
    join pg_namespace on pg_namespace.oid = pg_class.relnamespace, api_role
    where has_table_privilege(api_role.name, pg_class.oid, 'select') or has_any_column_privilege(api_role.name, pg_class.oid, 'select')
    union all
    select 'publication', qualified, null, quote_ident(pubname)
    from auth_table join pg_publication_tables as published on published.schemaname = nspname and tablename = relname
    union all
    select 'sequence', format('%I.%I', pg_namespace.nspname, relname), api_role.name, null
    from own_sequence join pg_class using (oid) join pg_namespace on pg_namespace.oid = relnamespace, api_role
    where relkind = 'S' and has_sequence_privilege(api_role.name, pg_class.oid, 'usage, select, update')
    union all
    select 'foreign-table', format('%I.%I', pg_namespace.nspname, class.relname), api_role.name, quote_ident(srvname)
    from pg_foreign_table join pg_class as class on class.oid = ftrelid
    join pg_namespace on pg_namespace.oid = class.relnamespace
    join pg_foreign_server on pg_foreign_server.oid = ftserver
    left join lateral (
      select max(option_value) filter (where option_name = 'table_name') as remote_table,
        max(option_value) filter (where option_name = 'schema_name') as remote_schema
      from pg_options_to_table(ftoptions)
    ) as remote on true
    join auth_table on auth_table.relname = coalesce(remote_table, class.relname)
      and auth_table.nspname = coalesce(remote_schema, pg_namespace.nspname), api_role
    where coalesce((select option_value from pg_options_to_table(srvoptions) where option_name = 'dbname'), current_database()) = current_database()
      and (has_table_privilege(api_role.name, class.oid, 'select, insert, update, delete')
        or has_any_column_privilege(api_role.name, class.oid, 'select, insert, update'))
    union all
    select 'default-privileges', quote_ident(nspname), api_role.name, null
    from (select distinct nspname, relnamespace, relowner from auth_table) as place
    join pg_default_acl on defaclrole = relowner and defaclobjtype = 'r' and defaclnamespace in (0, relnamespace),
      aclexplode(defaclacl) as item join api_role on api_role.oid = item.grantee
    union all
    select 'schema', quote_ident(nspname), api_role.name, null
    from (select distinct nspname, relnamespace from auth_table) as place, api_role
    where api_role.oid <> 0 and has_schema_privilege(api_role.name, relnamespace, 'usage')
      and not exists (select from exposed_schemas where not nspname::text = any (list))
    union all
    select 'locked-out', qualified, null, null from auth_table where is_named and row_security_active(oid)
  )
select distinct kind, subject, role, via from finding order by kind, subject, role, via`

/** What there is with a text to read: functions that are no extension's, and who can have them run. */
export const functionsQuery = `${common},
  creators (name) as (
    select name from api_role
    where exists (select from pg_namespace where nspname !~ '^pg_' and has_schema_privilege(api_role.name, oid, 'create'))
  )
select pg_proc.oid::text as id, nspname as schema, proname as name,
  format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(pg_proc.oid)) as subject,
  lanname as language,
  -- The body of a function in SQL's own form stands elsewhere.
  case when prosrc = '' and prokind in ('f', 'p') then pg_get_functiondef(pg_proc.oid) else prosrc end as source,
  prosecdef as "isDefiner",
  coalesce(array_to_string(proconfig, ','), '') ~ '(^|,)search_path=' as "hasPath",
  exists (
    select from auth_table
    where has_table_privilege(proowner, auth_table.oid, 'select, insert, update, delete')
  ) as "canReach",
  -- A trigger's function runs for whoever writes; it cannot be called.
  array(
    select api_role.name from api_role
    where prorettype not in ('trigger'::regtype, 'event_trigger'::regtype) and (
      has_function_privilege(api_role.name, pg_proc.oid, 'execute') and (
        has_schema_privilege(api_role.name, pronamespace, 'usage') or exists (
          select from pg_depend where refclassid = 'pg_proc'::regclass and refobjid = pg_proc.oid and deptype = 'n'
        )
      )
      -- The parts of an aggregate are called with the rights of its owner.
      or exists (
        select from pg_depend join pg_proc as aggregate on aggregate.oid = objid and aggregate.prokind = 'a'
        where classid = 'pg_proc'::regclass and refclassid = 'pg_proc'::regclass and refobjid = pg_proc.oid
          and has_function_privilege(api_role.name, aggregate.oid, 'execute')
      )
    )
  ) as callers,
  array(select name from creators) as creators
from pg_proc join pg_namespace on pg_namespace.oid = pronamespace join pg_language on pg_language.oid = prolang
where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_' and prokind in ('f', 'p', 'w')
  and lanname not in ('c', 'internal')
  and not exists (
    select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e'
  )
order by subject`

/** The triggers of auth tables, and those of tables that others may write. */
export const triggersQuery = `${common}
select tgname as name, tgfoid::text as function, format('%I.%I', nspname, relname) as "table",
  pg_class.oid in (select oid from auth_table) as "isAuth",
  array(
    select api_role.name from api_role
    where has_table_privilege(api_role.name, pg_class.oid, 'insert, update, delete, truncate')
      or has_any_column_privilege(api_role.name, pg_class.oid, 'insert, update')
  ) as writers
from pg_trigger join pg_class on pg_class.oid = tgrelid join pg_namespace on pg_namespace.oid = relnamespace
where not tgisinternal and tgenabled <> 'D'
order by "table", name`

/** Auth tables, what is derived from them, and what others may read, by name. */
export const relationsQuery = `${common}
select nspname as schema, relname as name, format('%I.%I', nspname, relname) as subject,
  pg_class.oid in (select oid from derived) as "isSensitive",
  array(
    select api_role.name from api_role
    where (has_table_privilege(api_role.name, pg_class.oid, 'select') or has_any_column_privilege(api_role.name, pg_class.oid, 'select'))
      and (not relrowsecurity or exists (
        select from pg_policy where polrelid = pg_class.oid and polcmd in ('r', '*') and (
          0 = any (polroles) or api_role.oid <> 0 and exists (
            select from unnest(polroles) as polrole where polrole <> 0 and pg_has_role(api_role.oid, polrole, 'member')
          )
        )
      ))
  ) as readers
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f') and nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_'`
