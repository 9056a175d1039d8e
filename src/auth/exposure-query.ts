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
export const functionsQuery = `${common}
select pg_proc.oid::text as id, nspname as schema, proname as name,
  format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(pg_proc.oid)) as subject,
  lanname as language,
  -- The body of a function in SQL's own form stands elsewhere.
  coalesce(pg_get_function_sqlbody(pg_proc.oid), prosrc) as source,
  prosqlbody is not null as "isBound",
  prosecdef as "isDefiner",
  pg_get_userbyid(proowner)::text as owner,
  (
    select substr(setting, length('search_path=') + 1) from unnest(proconfig) as setting where setting like 'search\\_path=%'
  ) as path,
  exists (
    select from derived
    where is_open and (
      has_table_privilege(proowner, derived.oid, 'select, insert, update, delete, truncate')
      or has_any_column_privilege(proowner, derived.oid, 'select, insert, update')
    )
  ) as "canReach",
  pronargs = 1 and exists (select from pg_type where pg_type.oid = proargtypes[0] and typtype = 'c') as "isAttribute",
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
  ) as callers
from pg_proc join pg_namespace on pg_namespace.oid = pronamespace join pg_language on pg_language.oid = prolang
where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_' and prokind in ('f', 'p', 'w')
  and lanname not in ('c', 'internal')
  and not exists (
    select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e'
  )
order by subject`

/** The schemas, with who can create in each; the one without a name stands for those that can be created, and for `pg_temp`. */
export const schemasQuery = `${common}
select nspname::text as name, array(
  select api_role.name from api_role where has_schema_privilege(api_role.name, pg_namespace.oid, 'create')
) as creators
from pg_namespace where nspname !~ '^pg_(toast|temp)'
union all
select kind, array(
  select api_role.name from api_role where has_database_privilege(api_role.name, current_database(), privilege)
)
from (values ('', 'create'), ('pg_temp', 'temp')) as given (kind, privilege)`

/** What a relation runs: the functions of its triggers, rules, defaults and checks when it is written, of a view when it is read. */
export const runsQuery = `${common},
  used (relation, name, kind, classid, objid) as (
    select ev_class, rulename::text, case ev_type when '1' then 'view' else 'rule' end, 'pg_rewrite'::regclass, oid from pg_rewrite
    union all select adrelid, 'a default', 'default', 'pg_attrdef'::regclass, oid from pg_attrdef
    union all select conrelid, conname::text, 'check', 'pg_constraint'::regclass, oid from pg_constraint where conrelid <> 0
  ),
  run (relation, name, kind, function) as (
    select tgrelid, tgname::text, 'trigger', tgfoid from pg_trigger where not tgisinternal and tgenabled <> 'D'
    union all
    select relation, used.name, kind, refobjid from used
    join pg_depend on pg_depend.classid = used.classid and pg_depend.objid = used.objid and refclassid = 'pg_proc'::regclass
    union all
    select relation, used.name, kind, oprcode from used
    join pg_depend on pg_depend.classid = used.classid and pg_depend.objid = used.objid and refclassid = 'pg_operator'::regclass
    join pg_operator on pg_operator.oid = refobjid
  )
select relation::text, run.name, kind, function::text
from run join pg_class on pg_class.oid = relation join pg_namespace on pg_namespace.oid = relnamespace
where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_'
order by format('%I.%I', nspname, relname), run.name`

/** Relations, by name: auth tables, what is derived from them, and what others may read or write. */
export const relationsQuery = `${common}
select pg_class.oid::text as id, nspname as schema, relname as name, format('%I.%I', nspname, relname) as subject, relkind as kind,
  pg_class.oid in (select oid from auth_table) as "isAuth",
  pg_class.oid in (select oid from derived) as "isSensitive",
  relkind = 'v' and not coalesce((
    select option_value::boolean from pg_options_to_table(reloptions) where option_name = 'security_invoker'
  ), false) as "asksAsOwner",
  array(
    select api_role.name from api_role
    where (has_table_privilege(api_role.name, pg_class.oid, 'select') or has_any_column_privilege(api_role.name, pg_class.oid, 'select'))
      and has_schema_privilege(api_role.name, relnamespace, 'usage')
      and (not relrowsecurity or exists (
        select from pg_policy where polrelid = pg_class.oid and polcmd in ('r', '*') and (
          0 = any (polroles) or api_role.oid <> 0 and exists (
            select from unnest(polroles) as polrole where polrole <> 0 and pg_has_role(api_role.oid, polrole, 'member')
          )
        )
      ))
  ) as readers,
  array(
    select api_role.name from api_role
    where has_table_privilege(api_role.name, pg_class.oid, 'insert, update, delete, truncate')
      or has_any_column_privilege(api_role.name, pg_class.oid, 'insert, update')
  ) as writers
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f') and nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_'`

/** How rows get from one relation into another: from a table into views over it, to parents and children, and by rules. */
export const flowsQuery = `${common}
select distinct 'view' as kind, refobjid::text as "from", ev_class::text as "to", null as name
from pg_rewrite join pg_depend on classid = 'pg_rewrite'::regclass and objid = pg_rewrite.oid and refclassid = 'pg_class'::regclass
where ev_type = '1' and refobjid <> ev_class and pg_rewrite.oid >= 16384
union all
select 'child', inhparent::text, inhrelid::text, null from pg_inherits
union all
select distinct 'rule', ev_class::text, refobjid::text, rulename::text
from pg_rewrite join pg_depend on classid = 'pg_rewrite'::regclass and objid = pg_rewrite.oid and refclassid = 'pg_class'::regclass
where ev_type <> '1' and refobjid <> ev_class and pg_rewrite.oid >= 16384`
