/** A process that makes and migrates an app database in a folder dies at each statement, while another waits for the folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createAppDatabase } from '../../src/app/index.ts'
import { appMigrations } from '../../src/app/migrations.generated.ts'
import { isTypystDbError } from '../../src/errors.ts'
import { readCatalog } from '../support/catalog.ts'
import { source, startChild } from '../support/child.ts'
import { isLong } from '../support/rounds.ts'

/** At every how many statements a process dies. */
const killEvery = isLong ? 1 : 40

/** What a consumer adds, in two steps of several statements. */
const consumerMigrations = ['one', 'two'].map((name, at) => ({
  name: `000${String(at)}_${name}`,
  createdAt: at + 1,
  up: `create table ${name} (id int primary key, value text);\n--> statement-breakpoint\ncreate index on ${name} (value);\n--> statement-breakpoint\ninsert into ${name} values (1, 'x');`,
}))

/** The folder's catalog and history, opened by somebody who has to wait until nobody else has it. */
async function readState(dataDir: string): Promise<unknown> {
  const opened = await vi.waitUntil(() => openUnlessInUse(dataDir), { timeout: 60_000 })
  await using app = opened
  const { rows } = await app.pgClient.query('select name, hash from drizzle.__typyst_app_migrations order by id')
  return { history: rows, catalog: await readCatalog({ query: (text) => app.pgClient.query(text) }) }
}

async function openUnlessInUse(dataDir: string) {
  const app = createAppDatabase({ dataDir, migrations: consumerMigrations })
  try {
    await app.ready()
    return app
  } catch (cause) {
    await app.close()
    if (isTypystDbError(cause) && cause.code === 'DATABASE_IN_USE') return undefined
    throw cause
  }
}

/** Opens a folder in a process that dies before a message to Postgres, or else tells how many there were. */
function openAndDie(dataDir: string, diesAt: number) {
  return startChild(`
    import { PGlite } from '@electric-sql/pglite'
    import { createAppDatabase } from ${source('app/index.ts')}
    let messages = 0
    const send = PGlite.prototype.execProtocolStream
    PGlite.prototype.execProtocolStream = function (...given) {
      messages += 1
      if (messages === 1) process.send('begun')
      if (messages === ${String(diesAt)}) process.kill(process.pid, 'SIGKILL')
      return send.apply(this, given)
    }
    const app = createAppDatabase({ dataDir: ${JSON.stringify(dataDir)}, migrations: ${JSON.stringify(consumerMigrations)} })
    await app.ready()
    process.send(messages)
    await app.close()
  `)
}

async function openTwice(diesAt: number) {
  const parent = await mkdtemp(join(tmpdir(), 'typyst-killed-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
  const dataDir = join(parent, 'data')
  const child = openAndDie(dataDir, diesAt)
  expect(await child.message()).toBe('begun')
  const messages = child.message().catch(() => undefined)
  const state = await readState(dataDir)
  return { messages: await messages, state }
}

it('leaves one history and no half, whenever the process dies', async () => {
  const whole = await openTwice(0)
  expect(whole.state).toMatchObject({ history: appMigrations.map(({ name }) => ({ name })) })
  const total = Number(whole.messages)
  expect(total).toBeGreaterThan(0)
  for (let at = Math.ceil(killEvery / 2); at <= total; at += killEvery) {
    const { messages, state } = await openTwice(at)
    expect(messages).toBeUndefined()
    expect(state, `killed at message ${String(at)}`).toEqual(whole.state)
  }
}, 600_000)
