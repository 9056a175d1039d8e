/** `authDb.sql`: parameters travel as such, and moments come as dates whatever the session's time zone. */
import { expect, it } from 'vitest'
import { authSchema } from '../../src/schema/auth.ts'
import { openAuthInMemory } from '../support/open-auth-database.ts'

it.for(['UTC', 'America/New_York', 'Asia/Kolkata'])('gives dates in the time zone %s', async (zone) => {
  await using authDb = await openAuthInMemory(authSchema)
  const { sql } = authDb
  await sql`select set_config('TimeZone', ${zone}, false)`
  const [row] = await sql`select ${'2026-01-02T03:04:05.678Z'}::timestamptz as moment, null::timestamptz as missing,
    '2026-01-02 03:04:05.678'::timestamp as here, '2026-01-02'::date as day`
  expect(row).toEqual({
    moment: new Date('2026-01-02T03:04:05.678Z'),
    missing: null,
    here: new Date(2026, 0, 2, 3, 4, 5, 678),
    day: '2026-01-02',
  })
})

it('takes a statement from text, with what it refers to by number', async () => {
  await using authDb = await openAuthInMemory(authSchema)
  expect(await authDb.sql.unsafe('select $1::text as given', [`it's`])).toEqual([{ given: `it's` }])
  expect(await authDb.sql.unsafe('select 1 as one')).toEqual([{ one: 1 }])
})
