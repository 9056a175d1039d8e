/** The one query behind the inspection of who can see the auth tables; `$1` is an array with their names. */
export const exposureQuery = `
with recursive
  api_role (name, oid) as (
    select rolname::text, oid from pg_roles where rolname in ('anon', 'authenticated')
    union all select 'public', 0
  ),
  auth_table as (
    select class.oid, class.oid::regclass::text as label, format('%I.%I', nspname, relname) as qualified,
      nspname, relnamespace, relowner, relrowsecurity
    from unnest($1::text[]) as name
    join pg_class as class on class.oid = to_regclass(quote_ident(name))
    join pg_namespace on pg_namespace.oid = relnamespace
  ),
  -- Views over them, and views over those, as long as none runs with the rights of who asks.
  open_view (oid) as (
    select oid from auth_table
    union
    select view.oid from open_view
    join pg_depend on refclassid = 'pg_class'::regclass and refobjid = open_view.oid and classid = 'pg_rewrite'::regclass
    join pg_rewrite on pg_rewrite.oid = objid
    join pg_class as view on view.oid = ev_class and view.relkind in ('v', 'm')
    where not coalesce((
      select option_value::boolean from pg_options_to_table(view.reloptions) where option_name = 'security_invoker'
    ), false)
  ),
  exposed_schemas (list) as (
    select string_to_array(replace(split_part(setting, '=', 2), ' ', ''), ',')
    from pg_db_role_setting join pg_roles on pg_roles.oid = setrole, unnest(setconfig) as setting
    where rolname = 'authenticator' and setting like 'pgrst.db\\_schemas=%'
  ),
  finding (kind, subject, role) as (
    select 'rights', qualified, api_role.name from auth_table, api_role
    where has_table_privilege(api_role.name, auth_table.oid, 'select, insert, update, delete, truncate, references, trigger')
      or has_any_column_privilege(api_role.name, auth_table.oid, 'select, insert, update, references')
    union all
    select 'row-security', qualified, null from auth_table where not relrowsecurity
    union all
    select 'policy', qualified, api_role.name from auth_table
    join pg_policy on polrelid = auth_table.oid join api_role on api_role.oid = any (polroles)
    union all
    select 'view', format('%I.%I', nspname, relname), api_role.name
    from open_view join pg_class using (oid) join pg_namespace on pg_namespace.oid = relnamespace, api_role
    where relkind in ('v', 'm') and has_schema_privilege(api_role.name, relnamespace, 'usage')
      and (has_table_privilege(api_role.name, pg_class.oid, 'select, insert, update, delete')
        or has_any_column_privilege(api_role.name, pg_class.oid, 'select, insert, update'))
    union all
    select 'default-privileges', quote_ident(nspname), api_role.name
    from (select distinct nspname, relnamespace, relowner from auth_table) as place
    join pg_default_acl on defaclrole = relowner and defaclobjtype = 'r' and defaclnamespace in (0, relnamespace),
      aclexplode(defaclacl) as item join api_role on api_role.oid = item.grantee
    union all
    select 'schema', quote_ident(nspname), api_role.name
    from (select distinct nspname, relnamespace from auth_table) as place, api_role
    where api_role.oid <> 0 and has_schema_privilege(api_role.name, relnamespace, 'usage')
      and not exists (select from exposed_schemas where not nspname::text = any (list))
    union all
    select 'locked-out', qualified, null from auth_table where row_security_active(oid)
  )
select distinct kind, subject, role from finding order by kind, subject, role`
