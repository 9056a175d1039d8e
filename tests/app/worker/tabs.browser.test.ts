/** Many tabs, one database: followers use the leader's engine, and the next one goes on when it is gone. */
import type { TestPage } from '../../support/browsers/test-browser.ts'
import { describe, expect, it } from 'vitest'
import { browserName, useTabs } from '../../support/test-page.ts'
import { addCollection, closeAll, collectionIds, openShared, openSharedTabs, roleOf } from './shared-page.ts'
import type { SharedOptions } from './shared-page.ts'
import { fewOf, isLong } from '../../support/rounds.ts'

const tabs = useTabs()

const openTabs = <const TNames extends readonly string[]>(dataDir: string, names: TNames, options?: SharedOptions) =>
  openSharedTabs(tabs, dataDir, names, options)

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

  it('show live queries and searches what the others wrote, also after the leader changed', async () => {
    const { first, second, third } = await openTabs('idb://live-tabs', ['first', 'second', 'third'])
    const seen = () => second.evaluate(() => (window as Window & { seen?: string[] }).seen)
    await second.evaluate(() => {
      const { app } = window
      app.live(app.db.select({ id: app.schema.collection.id }).from(app.schema.collection)).subscribe(({ data }) => {
        if (data) Object.assign(window, { seen: data.map(({ id }) => id).toSorted() })
      })
    })
    expect(await addCollection(third, 'by-the-third')).toBeUndefined()
    await expect.poll(seen).toEqual(['by-the-third'])
    await first.close()
    expect(await addCollection(third, 'after-the-change')).toBeUndefined()
    await expect.poll(seen).toEqual(['after-the-change', 'by-the-third'])
    const found = await second.evaluate(async () => {
      const { app } = window
      await app.entries.create({
        title: 'Онлайн 검색',
        collectionId: (await app.collections.create({ name: 'Any' })).id,
      })
      return (await app.search('검')).results.map(({ title }) => title)
    })
    expect(found).toEqual(['Онлайн 검색'])
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

const ways: readonly (readonly [how: string, end: (page: TestPage) => Promise<unknown>])[] = [
  ['is closed', (page: TestPage) => page.close()],
  ['closes the database', (page: TestPage) => page.evaluate(() => window.app.close())],
  ['loses its worker', (page: TestPage) => page.evaluate(() => window.typyst.workers.at(-1)?.terminate())],
  // WebKit then keeps what the worker had locked: https://bugs.webkit.org/show_bug.cgi?id=324094
  ...(browserName() === 'webkit'
    ? []
    : [['leaves for another page', (page: TestPage) => page.goto('about:blank')] as const]),
  // Chromium without a window never freezes or puts away a page by itself, but what it would tell the page is known.
  ['is told that it is frozen', (page: TestPage) => page.evaluate(() => document.dispatchEvent(new Event('freeze')))],
  [
    'is told that it is put away',
    (page: TestPage) => page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))),
  ],
]

/** Ends the leader in some way while a transaction of another tab is open and a third waits for its turn. */
async function endLeader(how: string, end: (page: TestPage) => Promise<unknown>): Promise<void> {
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
  const failed = await second.evaluate(async () => {
    const { release, transaction } = window as Window & {
      release?: () => void
      transaction?: Promise<{ code: string } | undefined>
    }
    release?.()
    return (await transaction)?.code
  })
  expect(failed).toBe('LEADER_CHANGED')
  expect(await addCollection(second, 'after')).toBeUndefined()
  expect(await waiting).toBeUndefined()
  expect(await collectionIds(third)).toEqual(['after', 'before', 'waiting'])
  expect(await second.evaluate(() => window.events)).toContain('leader-changed')
  await closeAll({ first, second, third })
}

describe('when the leader', () => {
  it.each(fewOf(ways, 4))('%s, the others go on and a transaction leaves no trace', endLeader)

  it.each([
    ['freeze', 'resume', {}],
    ['pagehide', 'pageshow', { persisted: true }],
  ] as const)('comes back from %s, it follows and has its requests answered', async (leave, comeBack, persisted) => {
    const { first, second } = await openTabs(`idb://back from ${leave}`, ['first', 'second'])
    const tell = (type: string) =>
      first.evaluate(
        ({ type, persisted }) => {
          if ('persisted' in persisted) dispatchEvent(new PageTransitionEvent(type, persisted))
          else document.dispatchEvent(new Event(type))
        },
        { type, persisted },
      )
    await tell(leave)
    const asleep = addCollection(first, 'asleep')
    expect(await addCollection(second, 'meanwhile')).toBeUndefined()
    expect(await roleOf(second)).toBe('leader')
    await tell(comeBack)
    expect(await asleep).toBeUndefined()
    expect(await collectionIds(first)).toEqual(['asleep', 'meanwhile'])
    expect(await roleOf(first)).toBe('follower')
    await closeAll({ first, second })
  })

  it('has its page blocked, it answers all the same', async () => {
    const { first, second } = await openTabs('idb://blocked', ['first', 'second'])
    const blocking = first.evaluate(() => {
      const until = performance.now() + 3000
      while (performance.now() < until);
      return performance.now()
    })
    expect(await addCollection(second, 'beside')).toBeUndefined()
    expect(await collectionIds(second)).toEqual(['beside'])
    expect(await second.evaluate(() => window.events)).toEqual([])
    await blocking
    expect(await roleOf(first)).toBe('leader')
    await closeAll({ first, second })
  })

  it('stands still with its page, another takes its place, and it writes nothing when it wakes up', async () => {
    const options = { leaderTimeoutMs: 1500 }
    const { first, second, third } = await openTabs('idb://stands-still', ['first', 'second', 'third'], options)
    const asleep = first.evaluate(() => {
      window.typyst.workers.at(-1)?.postMessage({ standStillMs: 8000 })
      const until = performance.now() + 8000
      while (performance.now() < until);
    })
    // Asked of the one that stands still, and found in its queue when it wakes up.
    const [one, two] = await Promise.all([addCollection(second, 'one'), addCollection(third, 'two')])
    expect([one, two]).toEqual([undefined, undefined])
    expect(await second.evaluate(() => window.events)).toEqual(['leader-changed'])
    await asleep
    expect(await addCollection(first, 'woken')).toBeUndefined()
    expect(await roleOf(first)).toBe('follower')
    for (const page of [first, second, third]) expect(await collectionIds(page)).toEqual(['one', 'two', 'woken'])
    await closeAll({ first, second, third })
  })
})

// WebKit keeps what a worker had locked that is ended amid a transaction: https://bugs.webkit.org/show_bug.cgi?id=324094
describe.skipIf(browserName() === 'webkit')('leaders that die all the time', () => {
  it('lose no acknowledged change and make none twice', async () => {
    const { first, second, third } = await openTabs('idb://tally', ['first', 'second', 'third'], {
      migrations: ['create table tally (n int not null); insert into tally values (0)'],
    })
    const pages = [first, second, third]
    const counting = pages.map((page) =>
      page.evaluate(async () => {
        Object.assign(window, { isOver: false })
        let acknowledged = 0
        const failures: (string | undefined)[] = []
        const add = async () => {
          const failed = await window.typyst.failure(window.app.pgClient.query('update tally set n = n + 1'))
          if (failed) failures.push(failed.code)
          else acknowledged += 1
        }
        while (!('isOver' in window && window.isOver)) await Promise.all([add(), add(), add()])
        return { acknowledged, failures }
      }),
    )
    for (let round = 0; round < (isLong ? 12 : 4); round += 1) {
      const roles = await Promise.all(pages.map(roleOf))
      const leader = pages[roles.indexOf('leader')]
      const before = await third.evaluate(async () => (await window.app.pgClient.query('select n from tally')).rows)
      await leader?.evaluate(() => window.typyst.workers.at(-1)?.terminate())
      await expect
        .poll(() => third.evaluate(async () => (await window.app.pgClient.query('select n from tally')).rows))
        .not.toEqual(before)
    }
    await Promise.all(pages.map((page) => page.evaluate(() => void Object.assign(window, { isOver: true }))))
    const tallies = await Promise.all(counting)
    expect(tallies.flatMap(({ failures }) => failures)).toEqual([])
    const { rows } = await third.evaluate(() => window.app.pgClient.query('select n from tally'))
    expect(rows).toEqual([{ n: tallies.reduce((sum, { acknowledged }) => sum + acknowledged, 0) }])
    await closeAll({ first, second, third })
  })
})

describe('when the leader', () => {
  // Last: Chromium opens no more pages beside a crashed one.
  it('crashes, the others go on and a transaction leaves no trace', () =>
    endLeader('crashes', (page) => tabs.browser.crash(page)))
})
