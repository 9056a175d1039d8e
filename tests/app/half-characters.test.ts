/** Texts that UTF-8 cannot write: refused by every call, where they would be stored as other ones. */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AppDatabase } from '../../src/app/index.ts'
import { createTestAppDatabase } from '../../src/testing/index.ts'

let app: AppDatabase
beforeAll(async () => {
  app = await createTestAppDatabase()
  await app.pgClient.exec('create table kept (words text[], text text)')
})
afterAll(() => app.close())

const half = 'a\ud800b'
const insert = 'insert into kept (text) values ($1)'
const literal = `insert into kept (text) values ('${half}')`

it.each<readonly [string, () => Promise<unknown>]>([
  ['a parameter of query', () => app.pgClient.query(insert, [half])],
  ['an element of a parameter', () => app.pgClient.query('insert into kept (words) values ($1)', [['a', half]])],
  ['a value of sql', () => app.pgClient.sql`insert into kept (text) values (${half})`],
  ['a parameter in a transaction', () => app.pgClient.transaction((tx) => tx.query(insert, [half]))],
  [
    'a value of sql in a transaction',
    () => app.pgClient.transaction((tx) => tx.sql`insert into kept (text) values (${half})`),
  ],
  ['the text of query', () => app.pgClient.query(literal)],
  ['the text of exec', () => app.pgClient.exec(literal)],
  ['the text of exec in a transaction', () => app.pgClient.transaction((tx) => tx.exec(literal))],
  ['the text of describeQuery', () => app.pgClient.describeQuery(literal)],
  ['the name of a channel', () => app.pgClient.listen(`"${half}"`, () => undefined)],
  ['a parameter of Drizzle', () => app.db.execute(sql`insert into kept (text) values (${half})`)],
  ['the text of Drizzle', () => app.db.execute(sql.raw(literal))],
])('%s is refused, and nothing is stored', async (_, run) => {
  await expect(run()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  expect((await app.pgClient.query('select * from kept')).rows).toEqual([])
})

it('whole ones outside of the basic plane are kept', async () => {
  await app.pgClient.query(insert, ['🍲'])
  expect((await app.pgClient.query('select text from kept')).rows).toEqual([{ text: '🍲' }])
})
