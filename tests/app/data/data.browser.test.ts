/** The repositories in a real browser, on `idb://`. */
import type { TestPage } from '../../support/browsers/test-browser.ts'
import { expect, it } from 'vitest'
import { modes, useTabs } from '../../support/test-page.ts'
import { fewOf } from '../../support/rounds.ts'

const tabs = useTabs()

it.each([{ userId: 'ada' }, { userId: null }])(
  'keep notes of $userId over a reload, and lists of them',
  async ({ userId }) => {
    const page = await tabs.open()
    const dataDir = `idb://notes-${userId}`
    const written = await page.evaluate(
      async ({ dataDir, userId }) => {
        const app = window.typyst.createAppDatabase({ dataDir })
        const own = app.forUser(userId)
        const { collections, entries, settings } = own
        const [home, other] = [await collections.create({ name: 'Home' }), await collections.create({ name: 'Other' })]
        await own.transaction(async (inside) => {
          for (let at = 0; at < 7; at += 1) await inside.entries.create({ title: `Note ${at}`, collectionId: home.id })
        })
        const [first, second] = (await entries.list({ sort: 'title', limit: 2 })).rows
        await entries.move(first?.id ?? '', { to: other.id })
        await entries.trash(second?.id ?? '')
        await settings.upsert(home.id, { viewMode: 'grid' })
        await app.close()
        return { home: home.id, other: other.id }
      },
      { dataDir, userId },
    )
    await page.reload()
    const read = await page.evaluate(
      async ({ dataDir, userId, home }) => {
        const app = window.typyst.createAppDatabase({ dataDir })
        const { entries, settings } = app.forUser(userId)
        const titles: string[] = []
        let cursor: string | undefined
        do {
          const page: { rows: { title: string }[]; nextCursor: string | undefined } = await entries.list({
            limit: 4,
            cursor,
          })
          titles.push(...page.rows.map(({ title }) => title))
          cursor = page.nextCursor
        } while (cursor !== undefined)
        const counts = [...(await entries.countByCollection())]
        const viewMode = (await settings.get(home))?.viewMode
        const ofOthers = await app.forUser('eve').entries.count()
        const claimed = await app.claim({ to: 'bob' })
        await app.close()
        return { titles, counts, viewMode, ofOthers, claimed }
      },
      { dataDir, userId, home: written.home },
    )
    expect(read.titles).toEqual(['Note 6', 'Note 5', 'Note 4', 'Note 3', 'Note 2', 'Note 0'])
    expect(new Map(read.counts)).toEqual(
      new Map([
        [written.home, 5],
        [written.other, 1],
      ]),
    )
    expect([read.viewMode, read.ofOthers]).toEqual(['grid', 0])
    expect(read.claimed).toEqual(
      userId === null ? { collections: 2, entries: 7, settings: 1 } : { collections: 0, entries: 0, settings: 0 },
    )
  },
)

it.each(
  fewOf([
    ['worker', 'strict'],
    ['page', 'strict'],
    ['page', 'relaxed'],
  ] as const),
)('leave nothing of a removed user in IndexedDB, engine in the %s, %s', async (mode, durability) => {
  const dataDir = `idb://scrubbed-${mode}-${durability}`
  const open = async () => {
    const page = await tabs.open()
    await page.evaluate(
      ([mode, dataDir, durability]) => {
        window.app = window.typyst.createIn(mode, { dataDir, durability })
      },
      [mode, dataDir, durability] as const,
    )
    return page
  }
  const page = await open()
  const [gone, kept] = ['zebra9471hunter', 'giraffe2860keeper']
  const write = (page: TestPage, userId: string, text: string, notes: number) =>
    page.evaluate(
      async ([userId, text, notes]) => {
        const { collections, entries } = window.app.forUser(userId)
        const { id: collectionId } = await collections.create({ name: text })
        for (let at = 0; at < notes; at += 1) {
          const title = `${text} ${at}`
          await entries.create({ title, content: `${title} ${Math.random()} `.repeat(at), collectionId })
        }
      },
      [userId, text, notes] as const,
    )
  const stored = async (text: string) => {
    await page.evaluate(() => window.app.flush())
    return page.evaluate(countStored, [`typyst-db/${dataDir.slice('idb://'.length)}`, text] as const)
  }
  await write(page, 'ada', gone, 150)
  await write(page, 'bob', kept, 20)
  await page.evaluate(() => window.app.search('keeper'))
  // A tab that asks for nothing any more: the answers to its last requests are kept for it.
  if (mode === 'worker') await write(await open(), 'ada', gone, 2)
  expect([await stored(gone), await stored(kept)]).not.toContain(0)
  const counts = await page.evaluate(() => window.app.remove({ of: 'ada' }))
  expect(counts).toMatchObject({ entries: mode === 'worker' ? 152 : 150 })
  expect(await stored(gone)).toBe(0)
  expect(await stored(kept)).toBeGreaterThan(0)
  const released = await page.evaluate(async () => {
    const { entries: changed } = await window.app.release({ of: 'bob' })
    return [changed, await window.app.forUser(null).entries.count()]
  })
  expect(released).toEqual([20, 20])
  // The tables are empty afterwards, of which the planner has samples.
  await page.evaluate(async () => {
    await window.app.claim({ to: 'bob' })
    await window.app.pgClient.exec('analyze')
    await window.app.remove({ of: 'bob' })
  })
  expect(await stored(kept)).toBe(0)
})

it.each(modes)('refuse raw SQL on the database inside of its transaction, engine in the %s', async (mode) => {
  const page = await tabs.open()
  const outcome = await page.evaluate(async (mode) => {
    const { typyst } = window
    const failure = (attempt: PromiseLike<unknown>) => typyst.failure(attempt)
    const app = typyst.createIn(mode, { dataDir: `idb://blocked-${mode}`, transactionIdleTimeoutMs: 200 })
    const insert = "insert into collection (id, name) values ('c', 'C')"
    const inside = await app.transaction(() => failure(app.pgClient.query(insert)))
    const ofRaw = await app.pgClient.transaction(() => failure(app.collections.list()))
    const rows = await app.collections.count()
    await app.pgClient.query(insert)
    return [inside?.code, ofRaw?.code, rows, await app.collections.count()]
  }, mode)
  expect(outcome).toEqual(['TRANSACTION_BLOCKED', 'TRANSACTION_BLOCKED', 0, 1])
})

/** How many values of a database in IndexedDB hold a text, in whatever form. */
async function countStored([name, text]: readonly [string, string]): Promise<number> {
  const holds = (value: unknown): boolean => {
    if (typeof value === 'string') return value.includes(text)
    if (ArrayBuffer.isView(value)) return new TextDecoder('latin1').decode(value).includes(text)
    return typeof value === 'object' && value !== null && Object.values(value).some(holds)
  }
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(new Error('It cannot be opened.'))
  })
  let found = 0
  for (const store of database.objectStoreNames) {
    const values = await new Promise<unknown[]>((resolve) => {
      const request: IDBRequest<unknown[]> = database.transaction(store).objectStore(store).getAll()
      request.onsuccess = () => resolve(request.result)
    })
    found += values.filter(holds).length
  }
  database.close()
  return found
}

it.each(fewOf(['strict', 'relaxed'] as const))(
  'leave nothing of a removed user in the stored files, %s',
  async (durability) => {
    const page = await tabs.open()
    const found = await page.evaluate(async (durability) => {
      const { createAppDatabase, exportRaw } = window.typyst
      const dataDir = `idb://removed-${durability}`
      const [gone, kept] = ['zebra9471hunter', 'giraffe2860keeper']
      const open = async () => {
        const app = createAppDatabase({ dataDir, durability })
        await app.ready()
        return app
      }
      const holds = async (text: string) => {
        const archive = await (await exportRaw(dataDir))?.archive.arrayBuffer()
        // Each byte as one character.
        return new TextDecoder('latin1').decode(archive).includes(text)
      }
      const app = await open()
      for (const [userId, text] of [
        ['ada', gone],
        ['bob', kept],
      ] as const) {
        const { collections, entries } = app.forUser(userId)
        const { id: collectionId } = await collections.create({ name: text })
        for (let at = 0; at < 300; at += 1) {
          await entries.create({
            title: `${text} ${at}`,
            content: `${text} ${Math.random()} `.repeat(at),
            collectionId,
          })
        }
        await app.search(text)
      }
      await app.close()
      const before = [await holds(gone), await holds(kept)]
      const again = await open()
      const counts = await again.remove({ of: 'ada' })
      await again.close()
      const after = [await holds(gone), await holds(kept)]
      return { before, counts, after }
    }, durability)
    expect(found).toMatchObject({
      before: [true, true],
      counts: { collections: 1, entries: 300 },
      after: [false, true],
    })
  },
)
