/** Moments that `sql` and `db` write and read, whatever the zones of this process and of the database. */
import { pgTable, timestamp } from 'drizzle-orm/pg-core'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { AuthDatabase } from '../../src/auth/index.ts'

/** Opens an auth database that lives in a time zone. */
type OpenIn = (zone: string) => Promise<AuthDatabase>

const zones = ['UTC', 'America/New_York', 'Asia/Kolkata']
const pairs = zones.flatMap((process) => zones.map((database) => ({ process, database })))

const kept = pgTable('kept', {
  bare: timestamp('bare'),
  zoned: timestamp('zoned', { withTimezone: true }),
})

// The second one is at an hour that New York's clocks do not have.
const moments = [
  new Date('2026-07-01T23:30:00.123Z'),
  new Date('2026-03-08T02:30:00Z'),
  new Date('0044-01-01T00:00:00Z'),
]

/** Registers the tests. */
export function testMoments(openIn: OpenIn): void {
  it.for(pairs)('keeps moments, this process in $process and the database in $database', async (zone) => {
    vi.stubEnv('TZ', zone.process)
    onTestFinished(() => void vi.unstubAllEnvs())
    await using authDb = await openIn(zone.database)
    const { db, sql } = authDb
    await sql`create table kept (bare timestamp, zoned timestamptz)`
    for (const moment of moments) {
      const expected = { bare: moment, zoned: moment }
      await sql`insert into kept values (${moment}, ${moment})`
      expect(await sql`select * from kept`).toEqual([expected])
      expect(await db.select().from(kept)).toEqual([expected])
      expect(await sql`select from kept where bare = ${moment} and zoned = ${moment}`).toHaveLength(1)
      await db.delete(kept)
      await db.insert(kept).values(expected)
      expect(await sql`select * from kept`).toEqual([expected])
      expect(await db.select().from(kept)).toEqual([expected])
      await db.delete(kept)
    }
  })
}
