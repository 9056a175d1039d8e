/** Many tabs, one database: followers use the leader's engine, and the next one goes on when it is gone. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { crashPage } from '../../support/chromium.ts'
import { useTabs } from '../../support/test-page.ts'
import { addCollection, collectionIds, openShared, roleOf } from './shared-page.ts'
import type { SharedOptions } from './shared-page.ts'

const tabs = useTabs()

/** Opens a database in new tabs, one after the other, so that the first one leads. */
async function openTabs<const TNames extends readonly string[]>(
  dataDir: string,
  names: TNames,
  options?: SharedOptions,
): Promise<Record<TNames[number], Page>> {
  const pages: [string, Page][] = []
  for (const name of names) {
    const page = await tabs.open()
    expect(await openShared(page, dataDir, options)).toBeUndefined()
    pages.push([name, page])
  }
  return Object.fromEntries(pages) as Record<TNames[number], Page> // Its keys are the names.
}

const closeAll = (pages: Record<string, Page>) => Promise.all(Object.values(pages).map((page) => page.close()))

describe('tabs', () => {
  it('see what the others wrote, and one of them leads', async () => {
    const pages = await openTabs('idb://shared', ['first', 'second', 'third'])
    for (const [name, page] of Object.entries(pages)) expect(await addCollection(page, name)).toBeUndefined()
    for (const page of Object.values(pages)) expect(await collectionIds(page)).toEqual(['first', 'second', 'third'])
    expect(await Promise.all(Object.values(pages).map(roleOf))).toEqual(['leader', 'follower', 'follower'])
    await closeAll(pages)
  })

  it('get errors with code, SQLSTATE, constraint and table through another tab', async () => {
    const { first, second } = await openTabs('idb://errors', ['first', 'second'])
    await addCollection(first, 'taken')
    const error = await second.evaluate(async () => {
      const { app } = window
      const failed: unknown = await app.db
        .insert(app.schema.collection)
        .values({ id: 'taken', name: 'Twice' })
        .then(undefined, (cause: unknown) => cause)
      const position: unknown = await app.pgClient.query('selec 1').catch((cause: unknown) => cause)
      return { failed: JSON.stringify(failed), position: JSON.stringify(position) }
    })
    expect(JSON.parse(error.failed)).toMatchObject({
      name: 'TypystDbError',
      code: 'UNIQUE_VIOLATION',
      sqlState: '23505',
      constraint: 'collection_pkey',
      table: 'collection',
    })
    expect(JSON.parse(error.position)).toMatchObject({ code: 'QUERY_FAILED', sqlState: '42601', position: 1 })
    await closeAll({ first, second })
  })

  it('have transactions and savepoints to themselves', async () => {
    const { first, second } = await openTabs('idb://transactions', ['first', 'second'])
    const [outcome] = await Promise.all([
      second.evaluate(async () => {
        const { db, schema } = window.app
        const result = await db.transaction(async (tx) => {
          await tx.insert(schema.collection).values({ id: 'outer', name: 'Outer' })
          const inner = await window.typyst.failure(
            tx.transaction(async (savepoint) => {
              await savepoint.insert(schema.collection).values({ id: 'inner', name: 'Inner' })
              await savepoint.insert(schema.collection).values({ id: 'outer', name: 'Twice' })
            }),
          )
          return { inner: inner?.code, seen: await tx.$count(schema.collection) }
        })
        const thrown = await window.typyst.failure(
          db.transaction(async (tx) => {
            await tx.insert(schema.collection).values({ id: 'undone', name: 'Undone' })
            throw new Error('The caller has second thoughts.')
          }),
        )
        return { ...result, thrown: thrown?.code }
      }),
      addCollection(first, 'beside'),
    ])
    expect(outcome).toMatchObject({ inner: 'UNIQUE_VIOLATION', thrown: 'none' })
    expect(await collectionIds(first)).toEqual(['beside', 'outer'])
    await closeAll({ first, second })
  })

  it('cannot hold the others up with a transaction that does nothing', async () => {
    const options = { transactionIdleTimeoutMs: 500 }
    const { first, second } = await openTabs('idb://idle', ['first', 'second'], options)
    const idle = second.evaluate(async () => {
      const { db, schema } = window.app
      let release = () => undefined as void
      Object.assign(window, { release: () => release() })
      const failed = await window.typyst.failure(
        db.transaction(async (tx) => {
          await tx.insert(schema.collection).values({ id: 'idle', name: 'Idle' })
          await new Promise<void>((resolve) => (release = resolve))
        }),
      )
      return failed?.code
    })
    await expect.poll(() => second.evaluate(() => 'release' in window)).toBe(true)
    expect(await addCollection(first, 'waited')).toBeUndefined()
    await second.evaluate(() => (window as Window & { release?: () => void }).release?.())
    expect(await idle).toBe('TRANSACTION_ABORTED')
    expect(await collectionIds(first)).toEqual(['waited'])
    await closeAll({ first, second })
  })

  it('hear each other through notifications, also after the leader changed', async () => {
    const { first, second, third } = await openTabs('idb://notify', ['first', 'second', 'third'])
    const heard = () => third.evaluate(() => (window as Window & { heard?: string[] }).heard)
    await third.evaluate(async () => {
      const heard: string[] = []
      Object.assign(window, { heard })
      await window.app.pgClient.listen('notes', (payload) => heard.push(payload))
    })
    await second.evaluate(() => window.app.pgClient.query("select pg_notify('notes', 'from the second')"))
    await expect.poll(heard).toEqual(['from the second'])
    await first.close()
    await second.evaluate(() => window.app.pgClient.query("select pg_notify('notes', 'again')"))
    await expect.poll(heard).toEqual(['from the second', 'again'])
    await closeAll({ second, third })
  })

  it('all close when one of them destroys the database, and can make a new one', async () => {
    const { first, second, third } = await openTabs('idb://destroyed-for-all', ['first', 'second', 'third'])
    await addCollection(first, 'gone')
    expect(await second.evaluate(async () => (await window.typyst.failure(window.app.destroy()))?.code)).toBeUndefined()
    for (const page of [first, third]) {
      await expect.poll(() => page.evaluate(() => window.events)).toEqual(['destroyed'])
      expect(await addCollection(page, 'late')).toBe('CLOSED')
    }
    const left = await first.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
    expect(left.filter((name) => name?.includes('destroyed-for-all'))).toEqual([])
    expect(await openShared(third, 'idb://destroyed-for-all')).toBeUndefined()
    expect(await collectionIds(third)).toEqual([])
    await closeAll({ first, second, third })
  })

  it('and pages without a worker keep each other out, at once', async () => {
    const { first } = await openTabs('idb://mixed', ['first'])
    const inPage = await tabs.open()
    const openInPage = () =>
      inPage.evaluate(async () => {
        const { typyst } = window
        window.app = typyst.createAppDatabase({ dataDir: 'idb://mixed' })
        return (await typyst.failure(window.app.ready()))?.code
      })
    expect(await openInPage()).toBe('DATABASE_IN_USE')
    await first.evaluate(() => window.app.close())
    expect(await openInPage()).toBeUndefined()
    expect(await openShared(first, 'idb://mixed')).toBe('DATABASE_IN_USE')
    await inPage.evaluate(() => window.app.close())
    expect(await first.evaluate(async () => (await window.typyst.failure(window.app.ready()))?.code)).toBeUndefined()
    await closeAll({ first, inPage })
  })

  it('say that the worker did not start', async () => {
    const page = await tabs.open()
    const codes = await page.evaluate(async () => {
      const { typyst } = window
      const missing = () => new Worker('/no-such-worker.js', { type: 'module' })
      const failing = (): Worker => {
        throw new Error('no worker')
      }
      const failures = [missing, failing].map((worker) =>
        typyst.failure(typyst.createAppDatabase({ dataDir: 'idb://no-worker', worker }).ready()),
      )
      return (await Promise.all(failures)).map((failed) => failed?.code)
    })
    expect(codes).toEqual(['WORKER_FAILED', 'WORKER_FAILED'])
    await page.close()
  })
})

describe('newer code', () => {
  const [createTag, createLabel] = [
    'create table tag (id text primary key)',
    'create table label (id text primary key)',
  ]

  it('migrates beside older tabs, which get SCHEMA_OUTDATED and an event', async () => {
    const { old } = await openTabs('idb://deploy', ['old'], { migrations: [createTag] })
    expect(await addCollection(old, 'before')).toBeUndefined()
    const newer = await tabs.open()
    expect(await openShared(newer, 'idb://deploy', { migrations: [createTag, createLabel] })).toBeUndefined()
    expect(await addCollection(old, 'late')).toBe('SCHEMA_OUTDATED')
    expect(await old.evaluate(() => window.events)).toEqual(['schema-outdated'])
    expect(await addCollection(newer, 'after')).toBeUndefined()
    // The old tab's worker may still lead: it is an engine, and runs what newer code asks for.
    expect(await roleOf(old)).toBe('leader')
    await old.close()
    expect(await collectionIds(newer)).toEqual(['after', 'before'])
    const rolledBack = await tabs.open()
    expect(await openShared(rolledBack, 'idb://deploy', { migrations: [createTag] })).toBe('DATABASE_NEWER')
    expect(await collectionIds(newer)).toEqual(['after', 'before'])
    await closeAll({ newer, rolledBack })
  })

  it('leaves tabs alone whose migrations are the same', async () => {
    const { first, second } = await openTabs('idb://same-code', ['first', 'second'], { migrations: [createTag] })
    expect(await addCollection(first, 'one')).toBeUndefined()
    expect(await addCollection(second, 'two')).toBeUndefined()
    expect(await first.evaluate(() => window.events)).toEqual([])
    await closeAll({ first, second })
  })
})

describe('when the leader', () => {
  it.each([
    ['is closed', (page: Page) => page.close()],
    ['closes the database', (page: Page) => page.evaluate(() => window.app.close())],
    ['loses its worker', (page: Page) => page.evaluate(() => window.typyst.workers.at(-1)?.terminate())],
    ['leaves for another page', (page: Page) => page.goto('about:blank')],
    ['is frozen', (page: Page) => setLifecycle(page, 'frozen')],
    // Last: Chromium opens no more pages beside a crashed one.
    ['crashes', crashPage],
  ] as const)('%s, the others go on and a transaction leaves no trace', async (how, end) => {
    const { first, second, third } = await openTabs(`idb://leader ${how}`, ['first', 'second', 'third'], {
      leaderTimeoutMs: 5000,
    })
    expect(await addCollection(second, 'before')).toBeUndefined()
    await second.evaluate(async () => {
      const { db, schema } = window.app
      let isOpen = () => undefined as void
      const open = new Promise<void>((resolve) => (isOpen = resolve))
      const hasEnded = new Promise<void>((resolve) => Object.assign(window, { release: resolve }))
      const transaction = window.typyst.failure(
        db.transaction(async (tx) => {
          await tx.insert(schema.collection).values({ id: 'in-flight', name: 'In flight' })
          isOpen()
          await hasEnded
        }),
      )
      Object.assign(window, { transaction })
      await open
    })
    const waiting = addCollection(third, 'waiting')
    await end(first)
    expect(await addCollection(second, 'after')).toBeUndefined()
    const failed = await second.evaluate(async () => {
      const { release, transaction } = window as Window & {
        release?: () => void
        transaction?: Promise<{ code: string } | undefined>
      }
      release?.()
      return (await transaction)?.code
    })
    expect(failed).toBe('LEADER_CHANGED')
    expect(await waiting).toBeUndefined()
    expect(await collectionIds(third)).toEqual(['after', 'before', 'waiting'])
    expect(await second.evaluate(() => window.events)).toContain('leader-changed')
    await closeAll({ first, second, third })
  })
})

async function setLifecycle(page: Page, state: 'frozen' | 'active'): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Page.setWebLifecycleState', { state })
}
