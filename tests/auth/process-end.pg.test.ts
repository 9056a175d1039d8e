/** A process ends when its work has ended, although its pool is open; and not before. */
import { expect, it } from 'vitest'
import { endOf } from '../support/process-end.ts'
import { createTestDatabase } from '../support/test-database.ts'

it('that has used a pool ends without close(), and waits for what is under way', async () => {
  await using database = await createTestDatabase()
  const work = `
    const authDb = createAuthDatabase({ connectionString })
    await authDb.migrate()
    await Promise.all(Array.from({ length: 20 }, () => authDb.sql\`select pg_sleep(0.01)\`))
    await failing(authDb.sql\`select 1 / 0\`)
    await failing(authDb.db.transaction(() => Promise.reject(new Error('taken back'))))
    const serverless = createAuthDatabase({ connectionString, preset: 'serverless' })
    await serverless.sql\`select 1\`
    // Nothing else keeps the process: without an answer it would end with 13.
    say((await authDb.sql\`select 1 as one from pg_sleep(0.5)\`).length)`
  expect(await endOf(work, { connectionString: database.url })).toEqual({ said: 1, held: [] })
})

it('that could not connect ends too', async () => {
  const work = `
    const authDb = createAuthDatabase({ connectionString })
    await failing(authDb.sql\`select 1\`)
    say('failed')`
  const connectionString = 'postgres://nobody:none@127.0.0.1:1/none'
  expect(await endOf(work, { connectionString })).toEqual({ said: 'failed', held: [] })
})

it('closes a connection when it is idle for too long or too old, and goes on with another', async () => {
  await using database = await createTestDatabase()
  const work = `
    const authDb = createAuthDatabase({ connectionString, idleTimeoutMs: 50, maxConnections: 1 })
    const pid = async () => (await authDb.sql\`select pg_backend_pid() as pid\`)[0].pid
    const first = await pid()
    const gone = async () => (await other.sql\`select 1 from pg_stat_activity where pid = \${first}\`).length === 0
    const other = createAuthDatabase({ connectionString })
    while (!(await gone()));
    say(first !== (await pid()))`
  expect(await endOf(work, { connectionString: database.url })).toMatchObject({ said: true })
})
