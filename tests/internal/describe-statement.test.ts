import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeStatement, statementShape } from '../../src/internal/describe-statement.ts'
import { scanSql } from '../../src/internal/scan-sql.ts'

describe('what a statement does, and to which table', () => {
  const heads: readonly (readonly [text: string, operation: string, table: string | undefined])[] = [
    ['select "id" from "user" where "email" = $1', 'select', 'user'],
    ['SELECT * FROM Public."Session" AS s', 'select', 'Session'],
    ['select 1', 'select', undefined],
    ['select extract(epoch from at), (select max(b) from inner_t) from outer_t', 'select', 'outer_t'],
    ['select a is distinct from b from t', 'select', 't'],
    ['select * from generate_series(1, 10) g', 'select', undefined],
    ['select * from (select * from "entry" limit 1) e', 'select', 'entry'],
    ['select * from only "user"', 'select', 'user'],
    ['(select a from t1) union (select a from t2)', 'select', 't1'],
    ["select 'x from y' from z", 'select', 'z'],
    ['-- from a\nselect /* from b /* nested */ */ 1 from c', 'select', 'c'],
    ['select "from" from "a""b"', 'select', 'a"b'],
    ['insert into "user" ("id") values ($1) returning *', 'insert', 'user'],
    ['insert into app.entry default values', 'insert', 'entry'],
    ['update only "user" set name = $1', 'update', 'user'],
    ['delete from session where id in (select 1 from other)', 'delete', 'session'],
    ['merge into stock using news on true when matched then do nothing', 'merge', 'stock'],
    ['with old as (select * from a) update b set x = 1', 'update', 'b'],
    ['with old as (select * from a) select * from old', 'select', 'a'],
    ['with "o ld" (x) as not materialized (select (1) from a), b as (select 2) select * from "o ld"', 'select', 'a'],
    ['with a as (select * from t), b as (select * from A) select * from b', 'select', 't'],
    ['with recursive a as (select * from t union all select * from a) select * from a', 'select', 't'],
    ['with recursive a as (select * from b), b as (select * from a) select * from a', 'select', 'a'],
    ['with a as (with b as (select * from t) select * from b) select * from a', 'select', 't'],
    ['with a as (select 1) select * from t join a on true', 'select', 't'],
    ['with a as (select 1) select * from a', 'select', undefined],
    ['with gone as (delete from session returning id) select count(*) from gone', 'delete', 'session'],
    ['with gone as materialized (update "user" set a = 1 returning id) select 1', 'update', 'user'],
    ['create table lamp ()', 'other', undefined],
    ['explain select * from a', 'other', undefined],
    ['', 'other', undefined],
    ['with', 'other', undefined],
    ['update', 'update', undefined],
    ['select from', 'select', undefined],
  ]
  it.for(heads)('%s', ([text, operation, table]) => {
    expect(describeStatement(text)).toEqual({ operation, table })
    // Kept from the first time.
    expect(describeStatement(text)).toEqual({ operation, table })
  })
})

describe('the shape of a statement', () => {
  const shapes: readonly (readonly [text: string, shape: string])[] = [
    [`select * from "user" where email = 'ada''s' and age>41.5e-3`, 'select * from "user" where email = ? and age>?'],
    [`select E'it\\'s', U&'d\\0061', x'ff', $$a 'b' c$$, $q$ $$ $q$, $1`, 'select ?, ?, ?, ?, ?, $1'],
    ['select a1, $2::int -- 5\n from  t /* 6 */ limit 10', 'select a1, $2::int from t limit ?'],
    [`select 'no end`, 'select ?'],
    ['select 0xff, 1_000, .5, 1e10', 'select ?, ?, ?, ?'],
  ]
  it.for(shapes)('%s', ([text, shape]) => {
    expect(statementShape(text)).toBe(shape)
  })

  it('loses no character in scanning, and shows no text that is quoted as a value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([...scanSql(text)].map(({ text: piece }) => piece).join('')).toBe(text)
        const quoted = `'${text.replaceAll("'", "''")}'`
        expect(statementShape(`select ${quoted}, 1 from t`)).toBe('select ?, ? from t')
      }),
    )
  })
})
