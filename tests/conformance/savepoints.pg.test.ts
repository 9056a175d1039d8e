import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { createDrizzle } from '../../src/drizzle/create-drizzle.ts'
import { openPostgres } from '../support/open-postgres.ts'
import { testSavepoints } from './savepoints-suite.ts'

testSavepoints(openPostgres)

describe('a connection that is lost inside of a nested transaction', () => {
  it('leaves nothing acknowledged, whatever the callbacks make of their errors', async () => {
    await using opened = await openPostgres()
    await opened.connection.exec('create table lamp (id int primary key)')
    const db = createDrizzle(opened.connection, {})
    const insert = (id: number) => sql`insert into lamp values (${id})`
    const outer = db.transaction(async (tx) => {
      await tx.execute(insert(1))
      const { rows } = await tx.execute(sql`select pg_backend_pid() as pid`)
      const nested = tx.transaction(async (inner) => {
        await inner.execute(insert(2))
        await db.execute(sql`select pg_terminate_backend(${rows[0]?.['pid']}::int)`)
        await inner.execute(insert(3)).catch(() => undefined)
      })
      await expect(nested).rejects.toMatchObject({ code: 'CONNECTION_FAILED' })
      await expect(tx.transaction((other) => other.execute(insert(4)))).rejects.toHaveProperty('code')
    })
    await expect(outer).rejects.toMatchObject({ code: 'CONNECTION_FAILED' })
    expect((await db.execute(sql`select * from lamp`)).rows).toEqual([])
  })
})
