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
