/** A database as a new Supabase project has it: its roles, schemas, default privileges, functions and publications. */
import postgres from 'postgres'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { createTestDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'

/** Roles belong to the whole server: another test may be making them at the same moment, where advisory locks do not reach. */
const roles = `
  do $$
  declare
    wanted record;
  begin
    for wanted in select * from (values
      ('anon', 'nologin noinherit'), ('authenticated', 'nologin noinherit'), ('service_role', 'nologin noinherit bypassrls'),
      ('authenticator', 'login noinherit'), ('supabase_admin', 'login superuser createdb createrole replication bypassrls'),
      ('supabase_auth_admin', 'nologin noinherit createrole'), ('supabase_storage_admin', 'nologin noinherit createrole'),
      ('supabase_realtime_admin', 'nologin noinherit'), ('dashboard_user', 'nologin createdb createrole replication'),
      ('pgbouncer', 'login')
    ) as given (name, attributes)
    loop
      begin
        if to_regrole(wanted.name) is null then execute format('create role %I %s', wanted.name, wanted.attributes); end if;
      exception when duplicate_object or unique_violation then null;
      end;
    end loop;
  end
  $$;
  do $$ begin
    grant anon, authenticated, service_role to authenticator;
  exception when unique_violation or internal_error then null;
  end $$`

/** After https://github.com/supabase/postgres and what its services migrate at their first start. */
const project = `
  alter role authenticator in database :name: set pgrst.db_schemas = 'public, graphql_public';
  create schema auth authorization supabase_auth_admin;
  create schema storage authorization supabase_storage_admin;
  create schema realtime authorization supabase_admin;
  create schema extensions;
  create schema graphql authorization supabase_admin;
  create schema graphql_public authorization supabase_admin;
  create schema vault authorization supabase_admin;
  create schema pgbouncer authorization pgbouncer;
  create schema supabase_migrations;
  grant usage on schema public, extensions, auth, storage, realtime, graphql, graphql_public to anon, authenticated, service_role;
  alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
  alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
  alter default privileges for role supabase_admin in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges for role supabase_admin in schema public grant all on functions to anon, authenticated, service_role;
  alter default privileges for role supabase_admin in schema public grant all on sequences to anon, authenticated, service_role;

  set local role supabase_auth_admin;
  create table auth.users (id uuid primary key, email text, encrypted_password text);
  create table auth.sessions (id uuid primary key, user_id uuid references auth.users, token text);
  create table auth.identities (id uuid primary key, user_id uuid references auth.users);
  create function auth.uid() returns uuid language sql stable as $$
    select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid
  $$;
  create function auth.role() returns text language sql stable as $$ select current_setting('request.jwt.claim.role', true) $$;
  create function auth.jwt() returns jsonb language sql stable as $$ select current_setting('request.jwt.claims', true)::jsonb $$;
  reset role;

  set local role supabase_storage_admin;
  create table storage.buckets (id text primary key, name text not null, owner uuid, public boolean default false);
  create table storage.objects (id uuid primary key, bucket_id text references storage.buckets, name text, owner uuid);
  alter table storage.objects enable row level security;
  alter table storage.buckets enable row level security;
  grant all on storage.objects, storage.buckets to anon, authenticated, service_role;
  create function storage.foldername(name text) returns text[] language plpgsql as $$
    begin return string_to_array(name, '/'); end
  $$;
  create function storage.search(prefix text, bucket text) returns table (name text) language plpgsql stable as $$
    begin return query execute 'select objects.name from storage.objects where bucket_id = $1 and name ilike $2' using bucket, prefix; end
  $$;
  create function storage.add_prefixes(_bucket_id text, _name text) returns void language plpgsql security definer as $$
    begin insert into storage.objects (id, bucket_id, name) values (gen_random_uuid(), _bucket_id, _name); end
  $$;
  create function storage.update_updated_at_column() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger update_objects_updated_at before update on storage.objects for each row
    execute function storage.update_updated_at_column();
  reset role;

  set local role supabase_admin;
  create table realtime.subscription (id bigint generated always as identity, entity regclass, claims jsonb);
  create table realtime.messages (id uuid default gen_random_uuid(), topic text, extension text, payload jsonb, event text, private boolean);
  alter table realtime.messages enable row level security;
  grant select, insert on realtime.messages to anon, authenticated, service_role;
  create function realtime.apply_rls(wal jsonb) returns setof jsonb language plpgsql as $$
    begin execute 'select 1'; return; end
  $$;
  create function realtime.subscription_check_filters() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger tr_check_filters before insert or update on realtime.subscription for each row
    execute function realtime.subscription_check_filters();
  create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void language plpgsql as $$
    begin insert into realtime.messages (payload, event, topic, private, extension) values (payload, event, topic, private, 'broadcast'); end
  $$;
  create function realtime.broadcast_changes(topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record, level text default 'ROW')
  returns void language plpgsql as $$
    begin perform realtime.send(jsonb_build_object('record', new), event_name, topic_name); end
  $$;
  create function graphql_public.graphql("operationName" text default null, query text default null, variables jsonb default null, extensions jsonb default null)
  returns jsonb language plpgsql as $$ begin return jsonb_build_object('errors', 'pg_graphql is not enabled'); end $$;
  grant execute on function graphql_public.graphql to anon, authenticated, service_role;
  create table vault.secrets (id uuid primary key, secret text);
  create view vault.decrypted_secrets as select id, secret from vault.secrets;
  create function vault.create_secret(new_secret text) returns uuid language plpgsql security definer set search_path = '' as $$
    begin insert into vault.secrets values (gen_random_uuid(), new_secret); return null; end
  $$;
  revoke execute on function vault.create_secret(text) from public;
  create function pgbouncer.get_auth(p_usename text) returns table (username text, password text) language plpgsql security definer as $$
    begin return query select usename::text, passwd::text from pg_catalog.pg_shadow where usename = p_usename; end
  $$;
  revoke all on function pgbouncer.get_auth(text) from public;
  create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
    begin notify pgrst, 'reload schema'; end
  $$;
  create function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as $$
    begin notify pgrst, 'reload schema'; end
  $$;
  create function extensions.grant_pg_cron_access() returns event_trigger language plpgsql as $$
    begin execute 'select 1'; end
  $$;
  create function extensions.set_graphql_placeholder() returns event_trigger language plpgsql security definer as $$
    begin execute 'select 1'; end
  $$;
  create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
  create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch();
  create event trigger issue_pg_cron_access on ddl_command_end when tag in ('CREATE EXTENSION')
    execute function extensions.grant_pg_cron_access();
  reset role;
  create extension if not exists pgcrypto schema extensions;
  create extension if not exists "uuid-ossp" schema extensions;
  create extension if not exists pg_stat_statements schema extensions;
  create publication supabase_realtime;
  create publication supabase_realtime_messages_publication for table realtime.messages;

  -- What a project has beside: a table of its own with policies, a profile for each user of Supabase's own, a counter.
  create table public.todos (id bigint generated by default as identity primary key, user_id uuid default auth.uid(), title text);
  alter table public.todos enable row level security;
  create policy own on public.todos using (auth.uid() = user_id);
  alter publication supabase_realtime add table public.todos;
  create table public.profiles (id uuid primary key, name text);
  create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
    begin insert into public.profiles (id) values (new.id); return new; end
  $$;
  create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();
  create function public.count_todos() returns bigint language sql security definer set search_path = '' as $$
    select count(*) from public.todos
  $$;
  create view public.todo_titles as select title from public.todos;
  create materialized view public.todo_counts as select user_id, count(*) from public.todos group by user_id;
  create index todos_user_id_idx on public.todos (user_id)`

/** A project that has not been migrated yet. */
export async function createSupabase(): Promise<TestDatabase> {
  const database = await createTestDatabase()
  const admin = postgres(database.url, { max: 1, onnotice: () => undefined })
  try {
    await admin.begin((sql) => sql.unsafe(roles))
    await admin.begin((sql) => sql.unsafe(project.replace(':name:', `"${database.name}"`)))
  } finally {
    await admin.end()
  }
  return database
}

/** One that has the auth tables, with a user and a session. */
export async function createMigratedSupabase(token: string): Promise<TestDatabase> {
  const database = await createSupabase()
  await using authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
  await authDb.db.insert(authDb.schema.user).values({ id: 'u', name: 'Ada', email: 'ada@example.com' })
  await authDb.db.insert(authDb.schema.session).values({ id: 's', token, userId: 'u', expiresAt: new Date(4e12) })
  return database
}
