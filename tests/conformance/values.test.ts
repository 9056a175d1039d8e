import { expect, it } from 'vitest'
import { openMemory } from '../support/open-memory.ts'
import { testValues } from './values-suite.ts'

testValues(openMemory)

it('bytes are no text, which Postgres itself would make of them', async () => {
  await using database = await openMemory()
  const { connection } = database
  await connection.exec('create table thing (text text, short varchar(20))')
  for (const statement of [
    'insert into thing (text) values ($1)',
    'insert into thing (short) values ($1)',
    'select $1::text as text',
  ]) {
    await expect(connection.query(statement, [new Uint8Array([1, 2])])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  }
  expect((await connection.query('select * from thing')).rows).toEqual([])
})
