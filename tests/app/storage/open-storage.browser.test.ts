/** What `idb://` finds in the browser: nothing, stock PGlite's database, a foreign, damaged or newer one, no room. */
import { PGlite } from '@electric-sql/pglite'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TestPage } from '../../support/browsers/test-browser.ts'
import { fewOf } from '../../support/rounds.ts'
import { browserName, useTabs } from '../../support/test-page.ts'

const tabs = useTabs()
let page: TestPage
beforeEach(async () => {
  page = await tabs.open()
  return () => page.close()
})

/** Opens a database, and gives the code it failed with and the names of its collections. */
async function open(name: string): Promise<{ code: string | undefined; names: string[] }> {
  return page.evaluate(async (dataDir) => {
    const app = window.typyst.createAppDatabase({ dataDir })
    const failed = await window.typyst.failure(app.ready())
    const names = failed ? [] : (await app.db.select().from(app.schema.collection)).map(({ name }) => name)
    await app.close()
    return { code: failed?.code, names }
  }, `idb://${name}`)
}

/** Creates a database with one collection. */
async function create(name: string): Promise<void> {
  await page.evaluate(async (dataDir) => {
    const app = window.typyst.createAppDatabase({ dataDir })
    await app.db.insert(app.schema.collection).values({ id: 'c', name: 'kept' })
    await app.close()
  }, `idb://${name}`)
}

/** Lets stock PGlite make a database with the table `collection` in it. */
async function createStock(name: string): Promise<void> {
  await page.evaluate(async (dataDir) => {
    const { PGlite } = await window.typyst.loadPGlite()
    const pglite = await PGlite.create(dataDir)
    await pglite.exec("create table stock (text text); insert into stock values ('kept')")
    await pglite.close()
  }, `idb://${name}`)
}

/** Changes one record of one object store behind the package's back; `undefined` deletes it. */
async function tamper(database: string, store: string, key: string | number, value: unknown): Promise<void> {
  await page.evaluate(
    async ({ database, store, key, value }) => {
      const opening = indexedDB.open(database)
      await new Promise((resolve) => (opening.onsuccess = resolve))
      const transaction = opening.result.transaction(store, 'readwrite')
      if (value === undefined) transaction.objectStore(store).delete(key)
      else transaction.objectStore(store).put(value, key)
      await new Promise((resolve) => (transaction.oncomplete = resolve))
      opening.result.close()
    },
    { database, store, key, value },
  )
}

const databaseNames = () =>
  page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? '').sort())

/** The raw export, loaded into PGlite in Node. */
async function queryExport(name: string, sql: string): Promise<unknown[]> {
  const base64 = await page.evaluate(async (dataDir) => {
    const raw = await window.typyst.exportRaw(dataDir)
    if (!raw) throw new Error('nothing exported')
    const reader = new FileReader()
    reader.readAsDataURL(raw.archive)
    await new Promise((resolve) => (reader.onload = resolve))
    return typeof reader.result === 'string' ? reader.result.replace(/^[^,]*,/, '') : ''
  }, `idb://${name}`)
  await using pglite = await PGlite.create({ loadDataDir: new Blob([Buffer.from(base64, 'base64')]) })
  return (await pglite.query(sql)).rows
}

describe('a new database', () => {
  it('starts migrated, from the snapshot, with an identity of its own', async () => {
    const identities = await page.evaluate(async () => {
      const open = (dataDir: string) => window.typyst.createAppDatabase({ dataDir })
      const found: unknown[] = []
      for (const app of [open('idb://identity-1'), open('idb://identity-2')]) {
        const { rows } = await app.pgClient.query('select system_identifier::text as id from pg_control_system()')
        found.push(...rows.map((row) => Object.values(row as object)[0] as unknown))
        await app.close()
      }
      return found
    })
    expect(new Set(identities).size).toBe(2)
    const origin = await page.evaluate(async () => {
      const opening = indexedDB.open('typyst-db/identity-1')
      await new Promise((resolve) => (opening.onsuccess = resolve))
      const reading = opening.result.transaction('meta').objectStore('meta').get('format')
      await new Promise((resolve) => (reading.onsuccess = resolve))
      return reading.result as unknown
    })
    expect(origin).toEqual({ version: 2, postgres: '18', origin: 'snapshot', sum: expect.any(BigInt) as unknown })
  })
})

describe('two transactions', () => {
  it('are each stored when they are acknowledged, also while the next one is under way', async () => {
    await page.evaluate(async () => {
      const app = window.typyst.createAppDatabase({ dataDir: 'idb://two' })
      await app.ready()
      const first = app.pgClient.transaction((tx) =>
        tx.query("insert into collection (id, name) values ('first', 'acknowledged')"),
      )
      void app.pgClient.transaction(() => new Promise(() => undefined))
      await first
    })
    await tabs.browser.crash(page)
    page = await tabs.open()
    expect(await open('two')).toEqual({ code: undefined, names: ['acknowledged'] })
  })
})

describe('a long session', () => {
  it('clears its WAL away by itself', { tags: 'long' }, async () => {
    const { mb, segments } = await page.evaluate(async () => {
      const app = window.typyst.createAppDatabase({ dataDir: 'idb://long' })
      await app.db.insert(app.schema.collection).values({ id: 'c', name: 'c' })
      const insert = `insert into entry (id, title, content, collection_id)
        select $1 || n, 'title', repeat('lorem ipsum ', 40), 'c' from generate_series(1, 2000) n`
      for (let at = 0; at < 15; at += 1) await app.pgClient.query(insert, [`${at}-`])
      const { rows } = await app.pgClient.query<{ mb: number; segments: number }>(
        `select (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8 / 1048576 as mb, count(*)::int as segments
         from pg_ls_dir('pg_wal') name where length(name) = 24`,
      )
      await app.close()
      return rows[0] ?? { mb: 0, segments: 0 }
    })
    // More was written than may gather, and less is left.
    expect(mb).toBeGreaterThan(30)
    expect(segments).toBeLessThan(25)
  })
})

/** What every browser decides alike. */
const unlessChromiumLong = browserName() === 'chromium' ? {} : { tags: 'long' }

describe('a database of stock PGlite', () => {
  it('is taken over with all its data, and the old one is gone then', async () => {
    await createStock('adopted')
    await open('adopted')
    const text = await page.evaluate(async () => {
      const app = window.typyst.createAppDatabase({ dataDir: 'idb://adopted' })
      const { rows } = await app.pgClient.query('select text from stock')
      await app.close()
      return rows
    })
    expect(text).toEqual([{ text: 'kept' }])
    expect((await databaseNames()).filter((name) => name.endsWith('adopted'))).toEqual(['typyst-db/adopted'])
  })

  it('is left alone while a tab with stock PGlite has it open', { tags: 'long' }, async () => {
    await createStock('busy')
    const tab = await tabs.open()
    await tab.evaluate(async () => {
      const { PGlite } = await window.typyst.loadPGlite()
      Object.assign(window, { stock: await PGlite.create('idb://busy') })
    })
    expect((await open('busy')).code).toBe('DATABASE_IN_USE')
    await tab.close()
    await expect.poll(async () => (await open('busy')).code).toBeUndefined()
  })

  it('of another major stays as it is, and can be exported', unlessChromiumLong, async () => {
    await createStock('old-major')
    const file = { timestamp: new Date(), mode: 0o100600, contents: new TextEncoder().encode('16\n') }
    await page.evaluate((given) => void Object.assign(window, { given }), file)
    await tamper('/pglite/old-major', 'FILE_DATA', '/pglite/old-major/PG_VERSION', file)
    expect((await open('old-major')).code).toBe('STORAGE_INCOMPATIBLE')
    expect(await databaseNames()).toContain('/pglite/old-major')
    const source = await page.evaluate(async () => (await window.typyst.exportRaw('idb://old-major'))?.source)
    expect(source).toBe('pglite')
  })
})

describe('a database that must not reach Postgres', () => {
  const cases: [what: string, code: string, store: string, key: string | number, value: unknown][] = [
    ['of a newer format', 'STORAGE_NEWER', 'meta', 'format', { version: 3, postgres: '18', origin: 'initdb' }],
    ['of another Postgres', 'STORAGE_INCOMPATIBLE', 'meta', 'format', { version: 1, postgres: '17', origin: 'initdb' }],
    ['without a format', 'STORAGE_DAMAGED', 'meta', 'format', undefined],
    ['without a flush counter', 'STORAGE_DAMAGED', 'meta', 'folded', undefined],
    ['without its control file', 'STORAGE_DAMAGED', 'entries', '/global/pg_control', undefined],
    ['with a foreign pack', 'STORAGE_DAMAGED', 'packs', 2, { anything: true }],
  ]
  // What decides is the same in each browser.
  it.each(browserName() === 'chromium' ? cases : fewOf(cases))(
    '%s fails with %s and is left as it is',
    async (what, code, store, key, value) => {
      const name = `refused-${what.replaceAll(' ', '-')}`
      await create(name)
      await tamper(`typyst-db/${name}`, store, key, value)
      expect((await open(name)).code).toBe(code)
      expect((await open(name)).code).toBe(code)
      const raw = await page.evaluate(
        async (dataDir) => (await window.typyst.exportRaw(dataDir))?.source,
        `idb://${name}`,
      )
      expect(raw).toBe('typyst')
    },
  )

  it('gives its raw bytes to another PGlite', { tags: 'long' }, async () => {
    await create('exported')
    expect(await queryExport('exported', 'select name from collection')).toEqual([{ name: 'kept' }])
  })
})
