/** Values in raw SQL on Postgres: each comes back as it went in, for the type that asks for it, or is refused. */
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { failureOf } from '../support/leaks.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let authDb: AuthDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 1 })
  await authDb.sql`create table stored (id int, bytes bytea, note text)`
})
afterAll(async () => {
  await authDb.close()
  await database.drop()
})

/** As the server writes it, so that no parser of ours stands between. */
const written = async (type: string, value: unknown) => {
  const text = type === 'bytea' ? `encode($1::${type}, 'hex')` : `$1::${type}::text`
  const [row] = await authDb.sql.unsafe(`select ${text} as value`, [value])
  return row?.['value']
}

class Decimal {
  private readonly digits: string
  constructor(digits: string) {
    this.digits = digits
  }
  toString(): string {
    return this.digits
  }
}
const yearMinusOne = new Date(0)
yearMinusOne.setUTCFullYear(-1)
const view = new Uint8Array([9, 1, 2, 9]).subarray(1, 3)

it.for<[type: string, value: unknown, text: string]>([
  ['int', 1, '1'],
  ['float8', -0, '-0'],
  ['float8', Number.NaN, 'NaN'],
  ['float8', Number.NEGATIVE_INFINITY, '-Infinity'],
  ['float8', Number.MIN_VALUE, '5e-324'],
  ['float8', 1e21, '1e+21'],
  ['numeric', 1e-7, '0.0000001'],
  ['numeric', 2n ** 80n, '1208925819614629174706176'],
  ['bigint', -(2n ** 63n), '-9223372036854775808'],
  ['numeric', new Decimal('1.50'), '1.50'],
  ['jsonb', new Decimal('1.50'), '{"digits": "1.50"}'],
  ['text', new Decimal('it'), 'it'],
  ['text', Object('boxed'), 'boxed'],
  ['boolean', Object(false), 'false'],
  ['boolean', 'true', 'true'],
  ['text', '', ''],
  ['text', '한국어 🍲 \ufeff', '한국어 🍲 \ufeff'],
  ['bytea', new Uint8Array([0, 255]), '00ff'],
  ['bytea', view, '0102'],
  ['bytea', runInNewContext('new Uint8Array([1, 2])'), '0102'],
  ['bytea', Buffer.alloc(0), ''],
  ['bytea', 'text', '74657874'],
  ['bytea', '\\x0102', '0102'],
  ['timestamptz', new Date('0050-03-01T00:00:00Z'), '0050-03-01 00:00:00+00'],
  ['timestamptz', yearMinusOne, '0002-01-01 00:00:00+00 BC'],
  ['timestamptz', new Date('+012345-01-01T00:00:00Z'), '12345-01-01 00:00:00+00'],
  ['timestamptz', runInNewContext('new Date(0)'), '1970-01-01 00:00:00+00'],
  ['json', { b: 1, a: [null, 'it\'s "quoted" \\'] }, '{"b":1,"a":[null,"it\'s \\"quoted\\" \\\\"]}'],
  ['json', { toString: 1 }, '{"toString":1}'],
  ['json', [1, 'two', { three: [] }, null, []], '[1,"two",{"three":[]},null,[]]'],
  ['json', [], '[]'],
  ['json', [new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
  ['json', Object.create(null), '{}'],
  ['jsonb', '{"a": 1}', '{"a": 1}'],
  ['jsonb', 7, '7'],
  ['int[]', [1, null, 3], '{1,NULL,3}'],
  ['int[]', [], '{}'],
  ['int[]', [[1], [2]], '{{1},{2}}'],
  ['text[]', ['NULL', '', 'a "b" \\ {c,d}', null], '{"NULL","","a \\"b\\" \\\\ {c,d}",NULL}'],
  ['text[]', runInNewContext('["other realm"]'), '{"other realm"}'],
  ['float8[]', [-0, Number.NaN, Infinity], '{-0,NaN,Infinity}'],
  ['bigint[]', [2n ** 62n], '{4611686018427387904}'],
  ['bytea[]', [new Uint8Array([1]), Buffer.from([2])], '{"\\\\x01","\\\\x02"}'],
  ['numeric[]', [new Decimal('1.5')], '{1.5}'],
  ['timestamptz[]', [yearMinusOne], '{"0002-01-01 00:00:00+00 BC"}'],
  ['jsonb[]', [{ a: 1 }, [1], '"text"', 2, null], '{"{\\"a\\": 1}",[1],"\\"text\\"",2,NULL}'],
  ['uuid[]', ['0190f0c0-0000-7000-8000-000000000000'], '{0190f0c0-0000-7000-8000-000000000000}'],
  ['inet[]', ['127.0.0.1'], '{127.0.0.1}'],
])('%s takes %o', async ([type, value, text]) => {
  // Twice to have it prepared, and once more with the plan.
  for (let time = 0; time < 3; time += 1) expect(await written(type, value)).toBe(text)
})

it.for<[type: string, value: unknown]>([
  ['int', Number.NaN],
  ['int', 1.5],
  ['int', [1]],
  ['text', ['a']],
  ['text', { a: 1 }],
  ['varchar', []],
  ['uuid', {}],
  ['json', [1n]],
  ['json', [Number.NaN]],
  ['json', [new Uint8Array([1])]],
  ['json', Number.NaN],
  ['int[]', 1],
  ['int[]', '1'],
  ['int[]', { 0: 1 }],
  ['int[]', [[], []]],
  ['int[]', [1, [2]]],
  ['int[]', [[1], [2, 3]]],
  ['text[]', [{ a: 1 }]],
  ['boolean', { a: 1 }],
  ['bytea', 1],
  ['bytea', [1, 2]],
  ['bytea', { type: 'Buffer', data: [1] }],
  ['timestamptz', { a: 1 }],
  ['timestamptz', [new Date(0)]],
  ['bigint', 2n ** 64n],
])('%s refuses %o', async ([type, value]) => {
  for (let time = 0; time < 3; time += 1) {
    expect(await failureOf(() => written(type, value))).toMatchObject({ code: 'INVALID_INPUT' })
  }
})

it('takes over what a caller changes afterwards', async () => {
  const bytes = new Uint8Array([1])
  const list = ['before']
  const object = { key: 'before' }
  const asked = authDb.sql`select encode(${bytes}, 'hex') as bytes, ${list}::text[] as list, ${object}::jsonb as object`
  bytes[0] = 2
  list[0] = object.key = 'after'
  expect(await asked).toEqual([{ bytes: '01', list: ['before'], object: { key: 'before' } }])
})

it('writes bytes once, also when the driver sends a statement a second time', async () => {
  const bytes = Buffer.from([1, 2, 255])
  const store = (id: number) => authDb.sql`insert into stored (id, bytes) values (${id}, ${bytes}) returning *`
  for (let id = 0; id < 3; id += 1) await store(id)
  // What the plan returns is another type from here on, which the driver answers by preparing again.
  await authDb.sql`alter table stored alter column note type int using 7`
  expect(await store(3)).toEqual([{ id: 3, bytes, note: null }])
  expect(await authDb.sql`select distinct encode(bytes, 'hex') as bytes from stored`).toEqual([{ bytes: '0102ff' }])
})

it('reads bytes that a server writes in escapes', async () => {
  const bytes = await authDb.db.transaction(async (tx) => {
    await tx.execute(`set local bytea_output = 'escape'`)
    const { rows } = await tx.execute(`select '\\x005c41ff'::bytea as bytes`)
    return rows[0]?.['bytes']
  })
  expect(bytes).toEqual(Buffer.from([0, 0x5c, 0x41, 0xff]))
})

it('refuses a statement that is no text', async () => {
  for (const text of [undefined, 1, { toString: 1 }, ['select 1'], "select '\ud800'"]) {
    expect(await failureOf(() => authDb.sql.unsafe(text as string))).toMatchObject({ code: 'INVALID_INPUT' })
  }
})
