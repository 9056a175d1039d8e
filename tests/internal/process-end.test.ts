/** A process of Node ends when its work has ended, although no database in it was closed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { endOf } from '../support/process-end.ts'
import { fewOf } from '../support/rounds.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-end-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'data')
}

const works: Readonly<Record<string, string>> = {
  'the app database': `
    const app = createAppDatabase({ dataDir })
    await app.collections.create({ name: 'One' })
    await failing(app.pgClient.query('select 1 / 0'))
    await app.search('one')
    say((await app.db.select().from(app.schema.collection)).length)`,
  'the embedded auth database': `
    const authDb = createAuthDatabase({ dataDir })
    await authDb.migrate()
    await failing(authDb.sql\`select 1 / 0\`)
    await failing(authDb.db.transaction(() => Promise.reject(new Error('taken back'))))
    say((await authDb.sql\`select 1 as one\`).length)`,
}

it.each(
  fewOf([
    ['the app database', 'a folder'],
    ['the app database', 'memory'],
    ['the embedded auth database', 'a folder'],
  ] as const),
)('%s in %s', async (what, where) => {
  const dataDir = where === 'memory' ? 'memory://' : await temporaryFolder()
  expect(await endOf(works[what] ?? '', { dataDir })).toEqual({ said: 1, held: [] })
})
