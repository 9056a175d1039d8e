/** `app.pgClient` and transactions: what would wait for one for ever is refused, whichever way both are called. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AppDatabase } from '../../src/app/index.ts'
import { createTestAppDatabase } from '../../src/testing/index.ts'

let app: AppDatabase
beforeAll(async () => {
  app = await createTestAppDatabase({ transactionIdleTimeoutMs: 50 })
})
beforeEach(() => app.db.delete(app.schema.collection))
afterAll(() => app.close())

const insert = "insert into collection (id, name) values ('c', 'C')"
const names = async () => (await app.db.select().from(app.schema.collection)).map(({ name }) => name)
const blocked = { code: 'TRANSACTION_BLOCKED' }

const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['query', () => app.pgClient.query(insert)],
  ['sql', () => app.pgClient.sql`insert into collection (id, name) values (${'c'}, ${'C'})`],
  ['exec', () => app.pgClient.exec(insert)],
  ['describeQuery', () => app.pgClient.describeQuery('select 1')],
  ['transaction', () => app.pgClient.transaction((tx) => tx.exec(insert))],
  ['listen', () => app.pgClient.listen('somewhere', () => undefined)],
  ['refreshArrayTypes', () => app.pgClient.refreshArrayTypes()],
  ['the query of db', () => app.db.insert(app.schema.collection).values({ id: 'c', name: 'C' })],
]

describe.each(calls)('%s', (_, call) => {
  it('is refused inside of a transaction of db, unrun, and works after it', async () => {
    await app.db.transaction(async () => {
      await expect(call()).rejects.toMatchObject(blocked)
    })
    expect(await names()).toEqual([])
    await call()
  })

  it('is refused inside of a transaction of pgClient, unrun', async () => {
    await app.pgClient.transaction(async (tx) => {
      await tx.query("insert into collection (id, name) values ('t', 'T')")
      await expect(call()).rejects.toMatchObject(blocked)
    })
    expect(await names()).toEqual(['T'])
  })
})

it('a transaction of pgClient may listen, and ends what waited for it in its turn', async () => {
  const heard: string[] = []
  const waiting: Promise<unknown>[] = []
  const unlisten = await app.pgClient.transaction(async (tx) => {
    const stop = await app.pgClient.listen('told', (payload) => heard.push(payload), tx)
    waiting.push(app.pgClient.query("select pg_notify('told', 'after')"))
    await tx.query(insert)
    return stop
  })
  await Promise.all(waiting)
  expect(heard).toEqual(['after'])
  await unlisten()
  await app.pgClient.query("select pg_notify('told', 'late')")
  expect(heard).toEqual(['after'])
  expect(await names()).toEqual(['C'])
})

describe('a value whose own method fails', () => {
  const fail = (): never => {
    throw Object.assign(new Error('of the caller'), { code: '23505' })
  }
  const values: readonly (readonly [string, () => unknown])[] = [
    ['toJSON throws', () => ({ toJSON: fail })],
    ['toJSON of an element throws', () => [{ toJSON: fail }, [{ toJSON: fail }]]],
    ['toString gives a number', () => ({ toString: () => 5 })],
    ['toString throws', () => ({ toString: fail })],
    ['a getter throws', () => Object.defineProperty({}, 'a', { get: fail, enumerable: true })],
    ['everything throws', () => new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail })],
  ]
  const types = ['text', 'int', 'jsonb', 'timestamptz', 'bytea', 'uuid', 'text[]', 'int[]', 'jsonb[]', 'inet']
  const outcomeOf = (running: Promise<unknown>) =>
    running.then(
      () => 'ran',
      (error: unknown) => (error as { code: string }).code,
    )

  it.for(values)('is INVALID_INPUT where it is asked, and harms no other statement: %s', async ([name, make]) => {
    // A template asks each value whether it is a part of one.
    const kinds = name === 'everything throws' ? ['query'] : ['query', 'sql']
    const outcomes = new Set<string>()
    // The second time, what is prepared already.
    for (const type of [...types, ...types]) {
      for (const kind of kinds) {
        const text = `select $1::${type} as given`
        const strings = Object.assign(['select ', `::${type} as given`], { raw: ['select ', `::${type} as given`] })
        const run = () => (kind === 'query' ? app.pgClient.query(text, [make()]) : app.pgClient.sql(strings, make()))
        const [outcome, ...others] = await Promise.all([
          outcomeOf(run()),
          app.pgClient.query('select 1 as one').then(({ rows }) => rows),
          app.db.$count(app.schema.collection),
        ])
        outcomes.add(outcome)
        expect(others, `${kind} ${type}`).toEqual([[{ one: 1 }], 0])
        await app.pgClient
          .transaction(async (tx) => {
            outcomes.add(await outcomeOf(tx.query(text, [make()])))
          })
          .catch(() => undefined)
      }
    }
    // A text takes what an object says of itself.
    outcomes.delete('ran')
    expect([...outcomes]).toEqual(['INVALID_INPUT'])
  })

  it('is the same for what writes it', async () => {
    for (const write of [fail, () => 5, () => undefined]) {
      const serializers = { 23: write as unknown as () => string } // What JavaScript lets a caller pass.
      expect(await outcomeOf(app.pgClient.query('select $1::int', [1], { serializers }))).toBe('INVALID_INPUT')
      expect(await outcomeOf(app.pgClient.query('select 1'))).toBe('ran')
    }
  })
})
