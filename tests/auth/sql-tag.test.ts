/** `authDb.sql`: parameters travel as such, and moments come as dates whatever the session's time zone. */
import { expect, it } from 'vitest'
import { authSchema } from '../../src/schema/auth.ts'
import { openAuthInMemory } from '../support/open-auth-database.ts'
import { testMoments } from './moments-suite.ts'

testMoments(async (zone) => {
  const authDb = await openAuthInMemory(authSchema)
  await authDb.sql.unsafe(`create function live_in() returns text language sql
    as $$ select set_config('TimeZone', '${zone}', false) $$`)
  await authDb.sql`select live_in()`
  return authDb
})

it.for(['UTC', 'America/New_York', 'Asia/Kolkata'])('gives dates in the time zone %s', async (zone) => {
  await using authDb = await openAuthInMemory(authSchema)
  const { sql } = authDb
  // By a function, since a statement may not change its session by itself.
  await sql`create function live_in(zone text) returns text language sql
    as $$ select set_config('TimeZone', zone, false) $$`
  await sql`select live_in(${zone})`
  const [row] = await sql`select ${'2026-01-02T03:04:05.678Z'}::timestamptz as moment, null::timestamptz as missing,
    '2026-01-02 03:04:05.678'::timestamp as here, '2026-01-02'::date as day`
  expect(row).toEqual({
    moment: new Date('2026-01-02T03:04:05.678Z'),
    missing: null,
    here: new Date('2026-01-02T03:04:05.678Z'),
    day: '2026-01-02',
  })
})

it('gives dates of the times before time zones, whose offsets have seconds', async () => {
  await using authDb = await openAuthInMemory(authSchema)
  const { sql } = authDb
  await sql`create function live_in(zone text) returns text language sql
    as $$ select set_config('TimeZone', zone, false) $$`
  await sql`select live_in('Asia/Kolkata')`
  const moments = ['1800-01-02T03:04:05.678Z', '0050-01-02T03:04:05.678Z']
  for (const moment of moments) {
    expect(await sql`select ${moment}::timestamptz as moment`).toEqual([{ moment: new Date(moment) }])
  }
  expect(await sql`select '0050-01-02 03:04:05.678'::timestamp as here`).toEqual([
    { here: new Date('0050-01-02T03:04:05.678') },
  ])
})

it('takes a statement from text, with what it refers to by number', async () => {
  await using authDb = await openAuthInMemory(authSchema)
  expect(await authDb.sql.unsafe('select $1::text as given', [`it's`])).toEqual([{ given: `it's` }])
  expect(await authDb.sql.unsafe('select 1 as one')).toEqual([{ one: 1 }])
})

it('gives dates of any year, and leaves what is no date as it is', async () => {
  await using authDb = await openAuthInMemory(authSchema)
  const [row] =
    await authDb.sql`select '0044-03-15 12:00:00+00 BC'::timestamptz as before, '0001-01-01Z BC'::timestamptz as last,
    '0050-01-01Z'::timestamptz as early, '12345-01-01 00:00:00.5Z'::timestamptz as late,
    'infinity'::timestamptz as never, '-infinity'::timestamp as ever`
  expect(row).toEqual({
    before: new Date('-000043-03-15T12:00:00Z'),
    last: new Date('0000-01-01T00:00:00Z'),
    early: new Date('0050-01-01T00:00:00Z'),
    late: new Date('+012345-01-01T00:00:00.500Z'),
    never: 'infinity',
    ever: '-infinity',
  })
})
