/** Which statements leave their session in another state, and which only look like it. */
import { expect, it } from 'vitest'
import { findSessionChange } from '../../src/internal/session-statements.ts'

const changing: Readonly<Record<string, readonly string[]>> = {
  transaction: [
    ...['begin', 'BEGIN', 'begin;', ' \n\tBegin work', 'begin isolation level serializable', 'start transaction'],
    ...['commit', 'end', 'end transaction', 'rollback', 'rollback to savepoint a', 'abort', 'commit and chain'],
    ...['savepoint a', 'release a', 'release savepoint a', `prepare transaction 'a'`, `commit prepared 'a'`],
    ...['/* a */ begin', '/* /* nested */ */begin', '-- a\nbegin', '-- a\rbegin', '\vbegin', '\fbegin', '(begin)'],
    ...['select 1; begin', 'select 1;;commit', `select ';' ; begin`, `select $$;$$; rollback`, ';begin'],
  ],
  copy: [
    ...[
      'copy a from stdin',
      'COPY a (b, c) FROM STDIN WITH (format csv)',
      'copy a to stdout',
      'copy binary a from stdin',
    ],
    ...['copy (select 1) to stdout', 'copy (select a from b) to stdout with csv header'],
  ],
  setting: [
    ...[
      `set search_path to a`,
      `SET role a`,
      `set session role a`,
      `set session authorization a`,
      `set time zone 'UTC'`,
    ],
    ...[`set names 'UTF8'`, `set a.b = 'c'`, 'set session characteristics as transaction read only', 'set "local" = 1'],
    ...[
      `select set_config('role', 'a', false)`,
      `select pg_catalog.set_config('role', $1, $2)`,
      `select "set_config"('a', 'b', 'f')`,
    ],
    ...[`select set_config('a', 'b', not true)`, `select SET_CONFIG /* a */ ('a', 'b', false)`],
    ...[
      `select set_config(setting_name => 'a', new_value => 'b', is_local => false)`,
      `with a as (select set_config('a', 'b', false)) select 1`,
    ],
    ...[`select E'a'\n'\\'', set_config('a', 'b', false)`, `update pg_settings set setting = 'a' where name = 'role'`],
    ...[`update pg_catalog.pg_settings set setting = 'a'`, `explain analyze select set_config('a', 'b', false)`],
    ...[`insert into a select set_config('a', 'b', false)`, `select 'true', set_config('a', 'true', $1)`],
    ...[
      `select U&"s\\0065t_config"('search_path', 'x', false)`,
      `select u&"\\+000073et_config" ('search_path', 'x', false)`,
      `select U&"s!0065t_config" UESCAPE '!' ('search_path', 'x', false)`,
      `select pg_catalog . U&"set_confi\\0067" /* a */ -- b
        ('search_path', 'x', false)`,
      `select U&"pg_catalog".U&"s!0065t_config" /* a */ uescape /* b */ '!' ('a', 'b', false)`,
      `select a.pg_catalog."set_config"('a', 'b', false)`,
    ],
    ...[
      `create table function as select set_config('a', 'b', false)`,
      `create table a as select set_config('a', 'b', false) as function`,
      `select set_config(is_local || true, 'b', false)`,
      `select set_config('a', 'b', "true")`,
      `select set_config(",", true, false) from a`,
    ],
    ...[
      `update only (pg_settings) set setting = 'a'`,
      `update a.pg_catalog.pg_settings set setting = 'a'`,
      `update U&"pg_setting\\0073" set setting = 'a'`,
    ],
    ...[
      `do $$ begin perform set_config('search_path', 'x', false); end $$`,
      `do 'begin perform set_config(''search_path'', ''x'', false); end'`,
      `do language plpgsql $a$ declare b text := set_config('a', 'b', false); begin end $a$`,
      `do $$ begin if true then set search_path = x; end if; end $$ language 'plpgsql'`,
      `do $$ begin for a in 1..2 loop set role a; end loop; exception when others then null; end $$`,
      `do $$ begin execute 'set role a'; end $$`,
      `do $$ begin execute $b$select U&"s\\0065t_config"('a', 'b', false)$b$; end $$`,
      `do E'begin\\nset role a; end'`,
      `do $$ <<a>> begin <<b>> set role a; end $$`,
    ],
  ],
  seed: [
    'select setseed(0.5)',
    'select pg_catalog.setseed($1)',
    'do $$ begin perform setseed(0); end $$',
    String.raw`do E'begin perform s\x65\164s\u0065ed(0); end'`,
  ],
  reset: ['reset role', 'reset all', 'RESET SESSION AUTHORIZATION'],
  discard: ['discard all', 'discard plans', 'DISCARD TEMP'],
  notifications: ['listen a', 'unlisten *', 'LISTEN "a"'],
  prepared: [
    'prepare a as select 1',
    'execute a(1)',
    'deallocate all',
    'explain analyze execute a(1)',
    'prepare "transaction" as select 1',
  ],
  cursor: ['declare a cursor with hold for select 1', 'declare a no scroll cursor with hold for select 1'],
  library: [`load 'auto_explain'`],
  lock: [
    ...['select pg_advisory_lock(1)', 'select pg_try_advisory_lock(1, 2)', 'select pg_advisory_lock_shared(1)'],
    ...['select pg_catalog.pg_advisory_unlock_all()', 'select a from b where pg_try_advisory_lock_shared(1)'],
    ...['do $$ begin perform pg_advisory_lock(1); end $$', `select U&"pg\\005fadvisory_lock"(1)`],
  ],
  temporary: [
    ...['create temp table a (b int)', 'create temporary table a as select 1', 'create local temp table a (b int)'],
    ...['create temp table if not exists a (b int) on commit delete rows', 'create table pg_temp.a (b int)'],
    ...[
      'create table if not exists pg_temp.a (b int)',
      'create or replace temp view a as select 1',
      'create temp sequence a',
    ],
    ...['select 1 as b into temp a', 'select 1 as b into temporary table a', '(select 1 as b into pg_temp.a)'],
    ...[
      'explain analyze create temp table a as select 1',
      'explain (analyze, verbose) create temp table a as select 1',
    ],
    ...['create temp recursive view a (b) as select 1', 'create temp table "commit" (b int)'],
    ...['create temp table a as select b.commit drop from b', 'create foreign table pg_temp.a (b int) server c'],
    ...['create table pg_temp_3.a (b int)', 'create table U&"pg\\005ftemp".a (b int)'],
    ...['do $$ begin create temp table a (b int); end $$'],
  ],
}

const harmless = [
  ...[
    `select U&"d\\0061ta", U&'s\\0065t_config(''a'')' from U&"set!_config" uescape '!'`,
    `select 'setseed(1)', setseed from a`,
    `select setseed as "set_config" from "setseed"`,
    `select U&"a" uescape from b`,
    `do $$ begin perform set_config('search_path', 'x', true); set local role a; end $$`,
    `do $$ declare a int; load int; begin load := 1; raise notice 'set role a'; update a set b = 1; end $$`,
    `do $$ begin -- set role a
      insert into a values ('; set role b'); end $$`,
    `do $$ begin execute format('analyze %I', 'a'); execute 'analyze a'; commit; end $$`,
    `do language plpython3u $$ set_config('a', 'b', False) $$`,
    'do $$ begin create temp table a (b int) on commit drop; end $$',
    `do $$ begin select case when a > 1 then reset else load end, case b when 1 then set and discard end from c; end $$`,
    'select a.b set_config from a',
  ],
  ...[
    'select 1',
    '',
    ';',
    '   ',
    'select 1;',
    '(select 1) union (select 2)',
    'values (1)',
    'table a',
    'with a as (select 1) select * from a',
  ],
  ...[
    'select "begin" from a',
    `select 'begin'`,
    'select begin from a',
    'insert into "commit" values (1)',
    'select 1 as rollback',
  ],
  ...['do $$ begin perform 1; end $$', 'do $a$ begin commit; end $a$', `do 'begin null; end'`, 'call a()'],
  ...[
    'create function a() returns int language sql begin atomic select 1; select 2; end',
    'create table a (b int); create table c (d int)',
  ],
  ...['create function a() returns int begin atomic select case when true then 1 else 2 end; end; select 1'],
  ...['create or replace procedure a() begin atomic insert into b values (1); end'],
  ...[`create function a() returns text language sql set search_path = '' as $$ select set_config('a', 'b', false) $$`],
  ...["create function a() returns text return set_config('a', 'b', false)", 'alter function a() set search_path = b'],
  ...[
    'create rule a as on insert to b do also (insert into c values (1); delete from d)',
    `alter role a set search_path = 'b'`,
  ],
  ...[
    'set local role a',
    `SET LOCAL search_path TO a`,
    'set transaction isolation level serializable',
    'set constraints all deferred',
  ],
  ...[
    'update a set b = 1',
    'update a set role = 1',
    `insert into a (b) values ('x') on conflict (b) do update set c = 1`,
  ],
  ...[
    `select set_config('a', $1, true)`,
    `select set_config('a', 'b', 'true'::boolean)`,
    `select set_config('a', 'b', is_local => true)`,
  ],
  ...[
    'select mine.set_config(1)',
    'select set_config from a',
    `select 'set_config(''a'', ''b'', false)'`,
    'select setting from pg_settings',
  ],
  ...[
    'select pg_advisory_xact_lock(1)',
    'select pg_try_advisory_xact_lock_shared(1)',
    'select pg_advisory_lock from a',
  ],
  ...[
    'create temp table a (b int) on commit drop',
    'create temporary table a on commit drop as select 1',
    'create table temp (a int)',
  ],
  ...[
    'create index on pg_temp.a (b)',
    'create table a (like pg_temp.b)',
    'insert into temp values (1)',
    'select a into b from c',
    'create view temp as select 1',
  ],
  ...['with a as (insert into temp values (1) returning b) select * from a', 'create unique index a on b (c)'],
  ...[
    'declare a cursor for select 1',
    'declare a cursor without hold for select 1',
    'fetch 1 from a',
    'close a',
    'lock table a',
  ],
  ...[
    `copy a to '/tmp/a'`,
    `copy a from program 'cat'`,
    "copy (select stdin from a) to program 'cat'",
    'notify a',
    `select pg_notify('a', 'b')`,
  ],
  ...[
    'explain select 1',
    'explain (analyze) select 1',
    'vacuum a',
    'analyze',
    'checkpoint',
    'alter table a add column b int',
    "comment on table a is 'begin'",
  ],
  ...[
    'select $1::text',
    'select $$begin$$',
    '-- begin',
    '/* begin */',
    '-- begin\nselect 1',
    `select E'\\'; begin'`,
    `select 'a''; begin'`,
  ],
]

it.for(Object.entries(changing))('finds %s', ([change, texts]) => {
  for (const text of texts) expect(findSessionChange(text), text).toBe(change)
  // The second time from memory.
  for (const text of texts) expect(findSessionChange(text), text).toBe(change)
})

it('finds nothing in what leaves the session as it was', () => {
  for (const text of [...harmless, ...harmless]) expect(findSessionChange(text), text).toBeUndefined()
})

it('reads a long text in a time that grows with it', () => {
  const values = Array.from({ length: 20_000 }, (_, index) => `($${index}, 'a', "b")`).join(', ')
  expect(findSessionChange(`insert into a values ${values}`)).toBeUndefined()
})
