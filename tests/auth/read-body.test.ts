/** Which names in the text of a function stand where only a relation can stand, and what makes a text unreadable. */
import { describe, expect, it } from 'vitest'
import { readBody } from '../../src/auth/read-body.ts'

const using: readonly (readonly [language: string, source: string])[] = [
  ['plpgsql', `begin return query select 1; create policy p on session using (true); end`],
  ['plpgsql', `begin grant select on table a, session to anon; end`],
  ['plpgsql', `begin grant select on session to anon; end`],
  ['plpgsql', `begin create view v as select * from session; end`],
  ['plpgsql', `begin alter table todos inherit session; end`],
  ['plpgsql', `begin create table x (like session including all); insert into x table session; end`],
  ['plpgsql', `begin lock table todos, session; end`],
  ['plpgsql', `begin truncate todos, session; end`],
  ['plpgsql', `begin copy session (token) to '/tmp/x'; end`],
  ['plpgsql', `begin copy (select * from session) to '/tmp/x'; end`],
  ['sql', `select * from (select 1) a, (session s cross join todos)`],
  ['sql', `select * from a natural join session`],
  ['sql', `select * from rows from (f(1), g(2)) as x, session`],
  ['sql', `select * from f(1) with ordinality as t(a, b), session`],
  ['sql', `select * from a tablesample bernoulli (10), session`],
  ['sql', `select * from json_table('{}', '$' columns (a int path '$')) j, session`],
  ['sql', `select * from xmltable('/a' passing (select xmlagg(x) from a) columns b int) x, session`],
  ['sql', `select (select 1 from a where x), b from session`],
  ['sql', `with recursive x as (select 1 union all select 2 from session) select * from x`],
  ['sql', `delete from a using b, session where true`],
  ['sql', `update a set b = 1 from c, session`],
  ['sql', `update a set (b, c) = (select 1, 2 from session)`],
  ['sql', `merge into a using (select * from session) s on true when matched then do nothing`],
  ['sql', `insert into a (b) select token from session on conflict do nothing`],
  ['sql', `insert into session (token) values (1)`],
  ['sql', `select extract(epoch from (select max(a) from session))`],
  ['sql', `select substring((select max(token) from session) from 1 for 2)`],
  ['sql', `values ((select max(token) from session))`],
  ['sql', `select 1 where exists (table session)`],
  ['sql', `select array(table session)`],
  ['sql', `select distinct from session`],
  ['sql', `select a is distinct from (select token from session) from a`],
  ['sql', `select 1 from SESSION`],
  ['sql', `select 1 from a cross join"session"`],
  ['sql', `select 1 from a,"session"`],
  ['sql', `select 1 from a for update of session`],
  ['plpgsql', `begin if a then select 1 into x from a, session; end if; end`],
  ['plpgsql', `<<l>> begin for r in (select * from session) loop null; end loop; end`],
]

const passing: readonly (readonly [language: string, source: string])[] = [
  ['sql', `select 1 "from", session from b`],
  ['sql', `select 1 from b, "Session", "SESSION"`],
  [
    'plpgsql',
    `begin for r in select a from b loop update c set session = 1, account = session where session = 2; end loop; end`,
  ],
  ['plpgsql', `begin foreach x in array arr loop raise notice '%', session; end loop; end`],
  [
    'plpgsql',
    `begin return query select session, count(*) from payments group by session, account having session > 1 order by session, account limit session; end`,
  ],
  [
    'plpgsql',
    `begin insert into payments (session, account) select session, account from orders where session = 1 and account in (session, 2); end`,
  ],
  ['plpgsql', `begin perform f(session, account); return session; end`],
  ['plpgsql', `begin select jsonb_build_object('a', session, 'b', account) into session from payments; end`],
  ['plpgsql', `begin new.session := old.session; new.account = session; return new; end`],
  [
    'plpgsql',
    `begin merge into payments p using orders o on p.session = o.session when matched then update set session = 1, account = session when not matched then insert (session, account) values (session, account); end`,
  ],
  [
    'plpgsql',
    `begin insert into payments (id) values (1) on conflict (session, account) do update set session = excluded.session, account = 1; end`,
  ],
  [
    'plpgsql',
    `begin select trim(both from session), extract(epoch from account), substring(session from 1 for 2) into a; end`,
  ],
  ['plpgsql', `begin select row_number() over (partition by session, account order by session) from payments; end`],
  ['plpgsql', `begin create index if not exists i on payments (session, account); end`],
  ['plpgsql', `begin select * from payments p join orders o on session = o.id and account = 2; end`],
  ['plpgsql', `begin alter table payments add column session text; end`],
  ['sql', `select session.id, account.name from sessions as session, accounts account where session.id = account.id`],
]

const dynamic = [
  `begin execute a; end`,
  `begin execute/**/'a'; end`,
  `begin return query execute format('%I', a); end`,
  `begin open c for execute a; end`,
  `begin perform dblink('', a); end`,
  `begin return "query_to_xml"(a, true, true, ''); end`,
  `begin return pg_catalog . ts_stat(a); end`,
  `begin do language plpgsql $$ begin null; end $$; end`,
  `begin create function f() returns int language sql as 'select 1'; end`,
  `declare function text; begin execute function || 'a'; end`,
  `begin create table x as execute y; end`,
]
const readable = [
  `begin grant execute on function f() to anon; end`,
  `begin create trigger t after insert on a for each row execute function f(); end`,
  `begin return 'execute a'; end`,
  `begin insert into a values (1) on conflict do nothing; end`,
  `begin return "execute"; end`,
  `begin /* execute a */ return 1; end`,
]

const tellsNothing = [`pg_notify('a', 'b')`, `pg_notify('a', tg_op || tg_table_name::text)`, `pg_notify('a', null)`]
const tells = [`pg_notify('a', new.id)`, `pg_notify(old.token, '')`, `pg_notify('a', $1)`, `"pg_notify"('a', x)`]

const authNames = ['session', 'account', 'user']
const namesAuth = (language: string, source: string) =>
  readBody(language, source).relations.some(({ isCertain, name }) => isCertain && authNames.includes(name))

describe('reading the text of a function', () => {
  it.for(using)('finds the relation in %s: %s', ([language, source]) => {
    expect(namesAuth(language, source)).toBe(true)
  })

  it.for(passing)('finds none in %s: %s', ([language, source]) => {
    expect(namesAuth(language, source)).toBe(false)
  })

  it('finds it behind a backslash that may or may not end a text', () => {
    expect(namesAuth('sql', `select '\\'' || (select token from session) || '\\''`)).toBe(true)
  })

  it('tells statements that are put together from what only looks like it', () => {
    for (const source of dynamic) expect(readBody('plpgsql', source), source).toMatchObject({ isDynamic: true })
    for (const source of readable) expect(readBody('plpgsql', source), source).toMatchObject({ isDynamic: false })
    expect(readBody('plv8', 'return 1')).toMatchObject({ isDynamic: true })
  })

  it('tells what is passed on by pg_notify from constants', () => {
    for (const call of tells) expect(readBody('sql', `select ${call}`), call).toMatchObject({ notifies: true })
    for (const call of tellsNothing) expect(readBody('sql', `select ${call}`), call).toMatchObject({ notifies: false })
  })

  it('reads a text of whatever form to its end, in time that grows with its length', () => {
    for (const piece of ['(', ')', 'from ', 'session, ', '"a"."b".', "'", '$$', '/*', 'execute ', 'as ', ';']) {
      readBody('plpgsql', piece.repeat(20_000))
    }
  })
})
