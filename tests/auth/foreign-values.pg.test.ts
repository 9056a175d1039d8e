/** What a parameter may be: values travel as they are, everything else as text of ours or not at all, and nobody else notices. */
import { runInNewContext } from 'node:vm'
import { eq } from 'drizzle-orm'
import { integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { isTypystDbError } from '../../src/errors.ts'
import { failureOf, secret } from '../support/leaks.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'

const thing = pgTable('thing', { id: integer('id').primaryKey(), name: text('name'), data: jsonb('data') })
const schema = { thing }

let database: TestDatabase
let authDb: AuthDatabase<typeof schema>
beforeAll(async () => {
  database = await createTestDatabase()
  // One connection, so that everything shares it.
  authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 1, schema })
  await authDb.sql`create table thing (id int primary key, name text, data jsonb)`
  await authDb.sql`insert into thing values (1, 'kept', '{}')`
})
afterAll(async () => {
  await authDb.close()
  await database.drop()
})

const explode = (): never => {
  throw Object.assign(new Error(secret), { code: secret.toUpperCase(), detail: secret })
}
const explodeOddly = (): never => {
  throw new Proxy(new Error(secret), { get: explode, has: explode, getPrototypeOf: explode })
}
const circular: Record<string, unknown> = {}
circular['self'] = circular
const circularArray: unknown[] = []
circularArray.push([circularArray])
const deep = (depth: number): unknown => {
  let nested: unknown = 1
  for (let level = 0; level < depth; level += 1) nested = [nested]
  return nested
}
class Own {
  toString(): string {
    return explode()
  }
}

/** Each is refused before it reaches a connection. */
const unsendable: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  symbol: Symbol(secret),
  function: () => secret,
  class: Own,
  circular,
  'circular array': circularArray,
  'array nested beyond the stack': deep(200_000),
  'invalid date': new Date(Number.NaN),
  'toJSON that throws': { toJSON: explode },
  'toJSON that throws something odd': { toJSON: explodeOddly },
  'toJSON of nothing': { toJSON: () => undefined },
  'own type whose toString throws': new Own(),
  'own type whose toString gives no text': new (class {
    toString = () => ({}) as string
  })(),
  getter: {
    get secret() {
      return explode()
    },
  },
  'proxy that throws': new Proxy({}, { ownKeys: explode, get: explode, getPrototypeOf: explode, has: explode }),
  'proxy of an array that throws': new Proxy([1], { get: explode }),
  'revoked proxy': (() => {
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    return proxy
  })(),
  'proxy of bytes': new Proxy(new Uint8Array([1]), {}),
  'proxy of a date': new Proxy(new Date(), {}),
  'bigint in JSON': { count: 1n },
  map: new Map([[1, secret]]),
  set: new Set([secret]),
  promise: Promise.resolve(secret),
  'weak map': new WeakMap(),
  'data view': new DataView(new ArrayBuffer(8)),
  'array buffer': new ArrayBuffer(8),
  floats: new Float64Array([1.5]),
  'boxed symbol': Object(Symbol(secret)) as unknown,
  'lone surrogate': `${secret}\ud800`,
  'lone surrogate the other way round': `\udc00${secret}`,
  NUL: `${secret}\0`,
  'array with a hole': Object.assign(new Array(3), { 0: 1, 2: 3 }),
  'array of holes': new Array(4_000_000_000),
  'array with undefined': ['a', undefined],
  'array with a symbol': [1, Symbol(secret)],
  'array with an invalid date': [new Date(Number.NaN)],
  'array with a throwing object': [{ toJSON: explode }],
  'array with a lone surrogate': [['a', '\udfff']],
  'array with NUL': ['\0'],
}

/** Each gets to the server as text, which refuses it for a text, a number and an array of them. */
const objects: Readonly<Record<string, unknown>> = {
  'toString that is none': { toString: 1 },
  'valueOf that is none': { valueOf: 1, toString: null },
  'toPrimitive that is none': { [Symbol.toPrimitive]: 1 },
  'toPrimitive that throws': { [Symbol.toPrimitive]: explode },
  'toString that throws': { toString: explode, valueOf: explode },
  'no prototype': Object.create(null) as unknown,
  'object of another realm': runInNewContext('({ toString: 1 })') as unknown,
  'object in an array': [{ toString: 1 }],
  'type, as the driver asks of elements': [{ type: 17, value: { toString: 1 } }],
  'own type without a text': new (class {
    secret = secret
  })(),
}

const number = async (n: number) => {
  const [row] = await authDb.sql`select ${n}::int as n`
  return row?.['n']
}

/** Queries by every way in, each of which gets its own number. */
async function bystanders(count: number, between: (at: number) => unknown): Promise<unknown[]> {
  const asked: Promise<unknown>[] = []
  for (let at = 0; at < count; at += 1) {
    between(at)
    asked.push(number(at))
  }
  return Promise.all(asked)
}
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at)

const pid = async () => {
  const [row] = await authDb.sql`select pg_backend_pid() as pid`
  return row?.['pid']
}

const waysWith = (value: unknown): Readonly<Record<string, () => Promise<unknown>>> => ({
  'the sql tag': () => authDb.sql`select ${value}::text, ${value}`,
  'sql.unsafe': () => authDb.sql.unsafe('select $1::text', [value]),
  'sql.unsafe in an array': () => authDb.sql.unsafe('select $1::text[]', [[value]]),
  'an update of Drizzle': async () => authDb.db.update(thing).set({ name: value as string }),
  'a condition of Drizzle': async () =>
    authDb.db
      .select()
      .from(thing)
      .where(eq(thing.name, value as string)),
  'a key of Drizzle': async () =>
    authDb.db
      .select()
      .from(thing)
      .where(eq(thing.id, value as number)),
  'a transaction': () => authDb.db.transaction((tx) => tx.update(thing).set({ name: value as string })),
})

/** Drizzle looks at the class of what its builders are given, and throws by itself where that is not to be had. */
const codeOf = (cause: unknown) => {
  if (isTypystDbError(cause)) return cause.code
  return cause instanceof Error && /drizzle-orm/.test(cause.stack ?? '') ? 'INVALID_INPUT' : 'not ours'
}

describe('a busy connection', () => {
  it.for(Object.entries({ ...unsendable, ...objects }))(
    'serves its others right beside a parameter: %s',
    async ([, value]) => {
      // From the third time on it is prepared, which is when the driver writes parameters at once.
      await bystanders(3, () => undefined)
      const before = await pid()
      const refused: Promise<string>[] = []
      const got = await bystanders(50, (at) => {
        if (at % 10 !== 5) return
        for (const [way, run] of Object.entries(waysWith(value))) {
          refused.push(
            run().then(
              () => way,
              (cause: unknown) => codeOf(cause),
            ),
          )
        }
      })
      expect(got).toEqual(numbers(50))
      expect([...new Set(await Promise.all(refused))]).toEqual(['INVALID_INPUT'])
      expect(await pid()).toBe(before)
      expect(await authDb.db.select().from(thing)).toEqual([{ id: 1, name: 'kept', data: {} }])
    },
  )
})

describe('a refusal', () => {
  it.for(Object.entries(unsendable))('holds no value and needs no connection: %s', async ([, value]) => {
    await using nowhere = createAuthDatabase({ connectionString: 'postgres://a:b@127.0.0.1:1/c' })
    expect(await failureOf(() => nowhere.sql`select ${value}`)).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await failureOf(() => nowhere.sql.unsafe('select $1', [[value]]))).toMatchObject({ code: 'INVALID_INPUT' })
  })

  it.for(Object.entries(objects))('names what does not fit: %s', async ([, value]) => {
    const failure = await failureOf(() => authDb.sql`select ${value}::text`)
    expect(failure).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('object') as string })
  })
})
