/** The same promises for what only the app's side has: `pgClient`, migrations of the consumer's own, folders. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PGliteInterface } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createAppDatabase } from '../../src/app/create-app-database.ts'
import { failingStatements, vault } from '../conformance/redaction-statements.ts'
import type { FailingStatement } from '../conformance/redaction-statements.ts'
import { failureOf, leakIn, outputOf, secret } from '../support/leaks.ts'

/** `pgClient` hands parameters to PGlite as they are, and that takes `undefined` for null. */
const raw: readonly FailingStatement[] = failingStatements.filter(({ params }) => !params.includes(undefined))

describe('pgClient', () => {
  const app = createAppDatabase({ dataDir: 'memory://' })
  const { pgClient } = app
  beforeAll(() => pgClient.exec(vault))
  afterAll(() => app.close())

  it.for(raw)('$name: $code, by every way in', async ({ text, params, name: _name, ...expected }) => {
    const ways = {
      query: () => pgClient.query(text, [...params]),
      transaction: () => pgClient.transaction((tx) => tx.query(text, [...params])),
    }
    for (const [way, run] of Object.entries(ways)) expect(await failureOf(run), way).toMatchObject(expected)
    expect((await pgClient.query('select id from vault')).rows).toEqual([{ id: 1 }])
  })

  const others: [string, string, (client: PGliteInterface) => Promise<unknown>][] = [
    ['sql', 'INVALID_INPUT', (client) => client.sql`select ${secret}::int`],
    ['exec', 'UNIQUE_VIOLATION', (client) => client.exec(`insert into vault (id, code) values (3, '${secret}')`)],
    ['describeQuery', 'SCHEMA_MISMATCH', (client) => client.describeQuery(`select "${secret}"`)],
    ['listen', 'QUERY_FAILED', (client) => client.listen(`a ${secret}`, () => undefined)],
    ['unlisten', 'QUERY_FAILED', (client) => client.unlisten(`a ${secret}`)],
    ['tx.sql', 'INVALID_INPUT', (client) => client.transaction((tx) => tx.sql`select ${secret}::int`)],
    ['tx.exec', 'QUERY_FAILED', (client) => client.transaction((tx) => tx.exec(`selec '${secret}'`))],
    ['tx.listen', 'QUERY_FAILED', (client) => client.transaction((tx) => tx.listen(`a ${secret}`, () => undefined))],
    [
      'a late tx.query',
      'TRANSACTION_ABORTED',
      async (client) => (await client.transaction((tx) => Promise.resolve(() => tx.query(`'${secret}'`))))(),
    ],
    [
      'a swallowed failure',
      'TRANSACTION_ABORTED',
      (client) => client.transaction((tx) => tx.exec(`selec '${secret}'`).catch(() => undefined)),
    ],
  ]
  it.for(others)('%s: %s', async ([, code, run]) => {
    expect(await failureOf(() => run(pgClient))).toMatchObject({ code })
  })

  it('passes what the caller throws in a transaction as it is', async () => {
    const own = new Error(secret)
    const thrown = pgClient.transaction(() => Promise.reject(own))
    expect(await thrown.catch((cause: unknown) => cause === own)).toBe(true)
  })

  it('says that it is closed, to calls and to what they gave', async () => {
    const closing = createAppDatabase({ dataDir: 'memory://' })
    const unlisten = await closing.pgClient.listen('news', () => undefined)
    await closing.close()
    for (const call of [
      () => unlisten(),
      () => closing.pgClient.query(`select '${secret}'`),
      () => closing.pgClient.transaction((tx) => tx.query(`select '${secret}'`)),
      async () => closing.db.select().from(closing.schema.entry),
      () => closing.ready(),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: 'CLOSED' })
    }
  })
})

describe('opening', () => {
  it.for([
    ['a value', `insert into collection (id, name) values ('1', '${secret}'), ('1', '${secret}')`, '23505'],
    ['a syntax error', `insert '${secret}'`, '42601'],
    ['an exception', `do $$ begin raise exception 'no %', '${secret}'; end $$`, 'P0001'],
    ['an exception, outside a transaction', `-- typyst:no-transaction\nselect '${secret}'::int`, '22P02'],
  ] as const)('cleans a failing migration with %s', async ([, up, sqlState]) => {
    await using app = createAppDatabase({
      dataDir: 'memory://',
      migrations: [{ name: '0000_mine', createdAt: 1, up }],
    })
    expect(await failureOf(() => app.ready())).toMatchObject({
      code: 'MIGRATION_FAILED',
      migration: '0000_mine',
      sqlState,
      cause: { sqlState },
    })
  })

  it('keeps a folder that cannot be used out of the error', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typyst-redaction-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await writeFile(join(folder, secret), 'a file, not a folder')
    const app = createAppDatabase({ dataDir: join(folder, secret, 'data') })
    for (const call of [() => app.ready(), () => app.destroy()]) {
      expect(await failureOf(call)).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    }
  })

  it.for([`postgres://ada:${secret}@localhost/notes`, `idb://${secret}/`, `\0${secret}`, `http://${secret}`])(
    'refuses the dataDir %j without repeating it',
    async (dataDir) => {
      const call = async () => Promise.resolve(createAppDatabase({ dataDir }))
      expect(await failureOf(call)).toMatchObject({ code: 'INVALID_OPTIONS' })
    },
  )
})

it('shows statements without parameters when debugging', async () => {
  await using app = createAppDatabase({ dataDir: 'memory://', debug: true })
  const { collection } = app.schema
  const output = await outputOf(async () => {
    await app.db.insert(collection).values({ id: secret, name: secret })
    await app.db.transaction((tx) => tx.query.collection.findFirst({ where: (row, { eq }) => eq(row.id, secret) }))
  })
  expect(output).toContain('insert into "collection"')
  expect(leakIn(output)).toBeUndefined()
})
