/** An engine that comes to its end inside of a statement, where a folder or the auth database is behind it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createAppDatabase } from '../../src/app/index.ts'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { fewOf } from '../support/rounds.ts'

const endless =
  "create function endless(n int) returns int language plpgsql as $$ begin if n = 1 then perform set_config('max_stack_depth', '7MB', false); end if; return endless(n + 1) + 1; end $$"
const failed = { code: 'ENGINE_FAILED' }

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-engine-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'data')
}

it('is opened again in a folder, which nobody else gets meanwhile, and closes', async () => {
  const dataDir = await temporaryFolder()
  const rows: string[] = []
  {
    await using app = createAppDatabase({ dataDir })
    await app.pgClient.exec(endless)
    const { collection } = app.schema
    for (const id of ['a', 'b', 'c']) {
      await app.db.insert(collection).values({ id, name: 'C' })
      const [outcome, read] = await Promise.allSettled([
        app.pgClient.query('select endless(1)'),
        app.db.select().from(collection),
      ])
      expect(outcome).toMatchObject({ status: 'rejected', reason: failed })
      if (read.status === 'rejected') expect(read.reason).toMatchObject(failed)
    }
    rows.push(...(await app.db.select().from(collection)).map(({ id }) => id))
  }
  expect(rows.sort()).toEqual(['a', 'b', 'c'])
  await using app = createAppDatabase({ dataDir })
  expect(await app.db.$count(app.schema.collection)).toBe(3)
})

it.each(fewOf(['memory', 'folder']))('is opened again for the embedded auth database, in %s', async (place) => {
  const dataDir = place === 'memory' ? 'memory://' : await temporaryFolder()
  await using authDb = createAuthDatabase({ dataDir, onNotice: () => undefined })
  await authDb.migrate()
  await authDb.sql.unsafe(endless)
  await authDb.db.insert(authDb.schema.user).values({ id: 'u', name: 'Ada', email: 'ada@example.com' })
  await expect(authDb.sql`select endless(1)`).rejects.toMatchObject(failed)
  expect(await authDb.db.select().from(authDb.schema.user)).toHaveLength(1)
  expect(await authDb.health()).toMatchObject({ isReady: true })
})

it('may be closed in the moment it fails', async () => {
  const app = createAppDatabase({ dataDir: 'memory://' })
  await app.pgClient.exec(endless)
  const failing = app.pgClient.query('select endless(1)')
  const [outcome] = await Promise.allSettled([failing, app.close()])
  expect(outcome.status).toBe('rejected')
  await expect(app.db.$count(app.schema.collection)).rejects.toMatchObject({ code: 'CLOSED' })
})
