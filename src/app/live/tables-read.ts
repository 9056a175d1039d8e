/** Which tables a query reads, by what the planner makes of it: through views, joins, subqueries and relations alike. */
import { TypystDbError } from '../../errors.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { schemaChange } from './change-feed.ts'

/** A query as Drizzle writes it. */
export interface WrittenQuery {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** The object ids of tables; `any` when what a query reads cannot be told. */
export type TablesRead = ReadonlySet<string> | 'any'

/**
 * The object ids of the tables whose changes can change the query's result, each given the trigger that tells them.
 *
 * What the planner leaves out, such as a branch that can never be true, cannot change the result. What a function reads that
 * stays a call in the plan is not known, nor when a materialized view or a foreign table gives something else: every change
 * of any table may matter then.
 *
 * @throws TypystDbError `INVALID_OPTIONS` for a query that writes, and what the database says to a wrong one.
 */
export async function watchTablesRead(executor: SqlExecutor, { sql, params }: WrittenQuery): Promise<TablesRead> {
  await tellSchemaChanges(executor)
  const { rows } = await executor.queryArrays(`explain (verbose, format json) ${sql}`, params)
  const plan: Plan = { tables: new Map(), texts: [] }
  readPlan(rows[0]?.[0], plan)
  const names = [...plan.tables.values()]
  const wanted = [names.map(([schema]) => schema), names.map(([, name]) => name)]
  const { rows: unknown } = await executor.queryArrays(readsUnknown, [
    ...wanted,
    callsIn(plan.texts),
    plan.texts.join('\n'),
  ])
  const isUnknown = unknown[0]?.[0] === true
  const { rows: found } = isUnknown
    ? await executor.queryArrays(findAllTables)
    : await executor.queryArrays(findTables, wanted)
  for (const [, qualifiedName, isTold] of found) {
    if (isTold !== true) await executor.exec(createTrigger(String(qualifiedName)))
  }
  return isUnknown ? 'any' : new Set(found.map(([id]) => String(id)))
}

/** What a plan tells. */
interface Plan {
  readonly tables: Map<string, [schema: string, name: string]>
  /** Conditions and columns as Postgres writes them, and names of functions. */
  readonly texts: string[]
}

/** Walks a plan, whose nodes lie in objects and arrays of any depth. */
function readPlan(node: unknown, plan: Plan): void {
  if (typeof node === 'string') plan.texts.push(node)
  if (typeof node !== 'object' || node === null) return
  const fields = new Map<string, unknown>(Object.entries(node))
  if (fields.get('Node Type') === 'ModifyTable') {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      'A live query runs again and again, so it has to be a select. Run the statement by itself.',
    )
  }
  const [schema, name, called] = [fields.get('Schema'), fields.get('Relation Name'), fields.get('Function Name')]
  if (typeof schema === 'string' && typeof name === 'string') {
    plan.tables.set(JSON.stringify([schema, name]), [schema, name])
  }
  if (typeof called === 'string') plan.texts.push(`${called}(`)
  for (const inner of fields.values()) readPlan(inner, plan)
}

/** The names before an opening parenthesis, which those of functions are among. */
function callsIn(texts: readonly string[]): string[] {
  const names = new Set<string>()
  for (const text of texts) {
    for (const [, quoted, plain] of text.matchAll(/(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))\(/gu)) {
      names.add(quoted?.replaceAll('""', '"') ?? plain ?? '')
    }
  }
  return [...names]
}

const ofApps = "n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')"

/**
 * Functions in other languages than these may read what they like, by whatever name or sign they are called. An aggregate is
 * `internal` whatever its parts are written in.
 */
const readsNothing = "select oid from pg_language where lanname in ('c', 'internal')"
const mayRead = `(p.prolang not in (${readsNothing}) or p.prokind = 'a') and ${ofApps}`

/** Functions of Postgres that run a statement given as text, or read tables given by name. */
const readsByText = "p.proname ~ '^(ts_stat|ts_rewrite|(query|cursor|table|schema|database)_to_xml.*)$'"

const readsUnknown = `
  select exists (
    select from unnest($1::text[], $2::text[]) as wanted(schema, name)
    join pg_class c on c.oid = to_regclass(format('%I.%I', wanted.schema, wanted.name))
    where c.relkind in ('m', 'f')
  ) or exists (
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.proname = any($3::text[]) and ((${mayRead}) or ${readsByText})
  ) or exists (
    select from pg_operator o join pg_namespace n on n.oid = o.oprnamespace join pg_proc p on p.oid = o.oprcode
    where strpos($4::text, o.oprname::text) > 0 and ${mayRead}
  ) or exists (
    select from pg_cast t join pg_proc p on p.oid = t.castfunc join pg_namespace n on n.oid = p.pronamespace
    where ${mayRead}
  )`

const tableColumns = `c.oid::text, format('%I.%I', n.nspname, c.relname),
  exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'typyst_tell_change')`

/** With the tables that they inherit from and those that inherit from these: a write may name any of them. Catalogs take no triggers. */
const findTables = `
  with recursive up(oid) as (
    select to_regclass(format('%I.%I', wanted.schema, wanted.name))::oid
    from unnest($1::text[], $2::text[]) as wanted(schema, name)
    union select i.inhparent from pg_inherits i join up on i.inhrelid = up.oid
  ), down(oid) as (
    select oid from up union select i.inhrelid from pg_inherits i join down on i.inhparent = down.oid
  )
  select ${tableColumns}
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and ${ofApps} and c.oid in (select oid from down)`

/** All but those of the search, whose changes tell nothing that the entries' have not told. */
const findAllTables = `
  select ${tableColumns}
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and ${ofApps} and not (n.nspname = 'public' and c.relname like 'entry\\_search%')`

function createTrigger(table: string): string {
  return `create or replace trigger typyst_tell_change after insert or update or delete or truncate on ${table}
    for each statement when (current_setting('typyst.tell', true) <> '') execute function public.typyst_tell_change()`
}

/** Has the feed told of changes of tables, views and functions, but for the triggers that this file makes. */
async function tellSchemaChanges(executor: SqlExecutor): Promise<void> {
  const { rows } = await executor.queryArrays(
    "select from pg_event_trigger where evtname in ('typyst_tell_schema', 'typyst_tell_drop')",
  )
  if (rows.length < 2) await executor.exec(createEventTriggers)
}

const createEventTriggers = `
  do $do$ begin
    create or replace function public.typyst_tell_schema() returns event_trigger language plpgsql as $$ begin
      if tg_tag <> 'CREATE TRIGGER' and current_setting('typyst.tell', true) = 'all' then
        perform pg_notify('typyst_changes', '${schemaChange}');
      end if;
    end $$;
    drop event trigger if exists typyst_tell_schema;
    drop event trigger if exists typyst_tell_drop;
    create event trigger typyst_tell_schema on ddl_command_end execute function public.typyst_tell_schema();
    create event trigger typyst_tell_drop on sql_drop execute function public.typyst_tell_schema();
  end $do$`
