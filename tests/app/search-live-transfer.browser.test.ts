/** Search, live queries and transfers in a real browser, with the engine in the page and behind a worker. */
import type { LiveQuery } from '@typyst/db/app'
import type { Entry } from '@typyst/db/schema/app'
import type { TestPage } from '../support/browsers/test-browser.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { modes, useTabs } from '../support/test-page.ts'
import type { Mode } from '../support/test-page.ts'

const tabs = useTabs()

const notes = {
  soup: ['Tomato soup', 'Fry the onions, add tomatoes and let it simmer.'],
  crème: ['Crème brûlée', 'Burn the sugar.'],
  일본어: ['한국어 노트', '검색이 되는지 보자'],
  東京: ['東京の夏', '今日は東京都で花火を見た'],
  code: ['a/b.md', "select * from x where y = 'z' & !(foo | bar)"],
  много: ['Русский', 'Поиск по началу слова'],
} as const

async function openIn(mode: Mode, dataDir: string): Promise<TestPage> {
  const page = await tabs.open()
  await page.evaluate(
    ([mode, dataDir]) => {
      window.app = window.typyst.createIn(mode, { dataDir })
      return window.app.ready()
    },
    [mode, dataDir] as const,
  )
  return page
}

describe.each(modes)('with the engine in the %s', (mode) => {
  const dataDir = `idb://parts-${mode}`
  let page: TestPage
  beforeAll(async () => {
    page = await openIn(mode, dataDir)
    await page.evaluate(async (notes) => {
      const { collections, entries } = window.app
      const { id: collectionId } = await collections.create({ name: 'Notes' })
      for (const [title, content] of notes) await entries.create({ title, content, collectionId })
    }, Object.values(notes))
  })

  it.each([
    ['tom', ['soup']],
    ['TOMATO sim', ['soup']],
    ['creme brul', ['crème']],
    ['검색', ['일본어']],
    ['京都', ['東京']],
    ['поис нач', ['много']],
    ["'z' & !(foo", ['code']],
    ['nowhere', []],
  ] as const)('search finds by "%s"', async (text, expected) => {
    const titles = await page.evaluate(
      async (text) => (await window.app.search(text)).results.map(({ title }) => title),
      text,
    )
    expect(titles).toEqual(expected.map((name) => notes[name][0]))
  })

  it('a live query follows changes, of another tab too, and keeps the rows that did not change', async () => {
    const writer = mode === 'worker' ? await openIn(mode, dataDir) : page
    await page.evaluate(() => {
      const { app } = window
      const { entry } = app.schema
      const { asc } = window.typyst.drizzle
      window.live = app.live(app.db.select().from(entry).orderBy(asc(entry.createdAt), asc(entry.id)))
      window.snapshots = []
      window.live.subscribe(({ status, data }) => {
        if (status === 'ready') window.snapshots.push(data)
      })
    })
    const shown = (title: string) =>
      page.waitForFunction((title) => window.snapshots.at(-1)?.some((row) => row.title === title) === true, title, {
        polling: 20,
      })
    await shown('Crème brûlée')
    for (const title of ['First edit', 'Second edit']) {
      await writer.evaluate(async (title) => {
        const { entries } = window.app
        const [oldest] = (await entries.list({ order: 'asc', limit: 1 })).rows
        await entries.update(oldest?.id ?? '', { title })
      }, title)
      await shown(title)
    }
    const kept = await page.evaluate(() => {
      const [last, before] = [window.snapshots.at(-1), window.snapshots.at(-2)]
      window.live.dispose()
      return last?.map((row, at) => row === before?.[at])
    })
    expect(kept).toEqual([false, true, true, true, true, true])
  })

  it('an encrypted export and Markdown files come back as the rows they were', async () => {
    const { first, fromExport, fromMarkdown, wrong } = await page.evaluate(async (mode) => {
      const { app, typyst } = window
      const rowsOf = async ({ db, schema }: typeof app) =>
        JSON.stringify(await db.select().from(schema.entry).orderBy(typyst.drizzle.asc(schema.entry.id)))
      const passphrase = 'correct horse battery staple'
      const exported = await new Response(await app.transfer.exportData({ passphrase })).blob()
      const wrong = await typyst.failure(app.transfer.importData(exported, { passphrase: 'another' }))
      const copy = typyst.createIn(mode, { dataDir: `idb://parts-copy-${mode}` })
      await copy.transfer.importData(exported, { passphrase })
      const fromExport = await rowsOf(copy)
      await copy.db.delete(copy.schema.collection)
      await copy.transfer.importMarkdown(app.transfer.exportMarkdown())
      const fromMarkdown = await rowsOf(copy)
      await copy.close()
      return { first: await rowsOf(app), fromExport, fromMarkdown, wrong: wrong?.code }
    }, mode)
    expect(JSON.parse(first)).toHaveLength(6)
    expect(fromExport).toBe(first)
    expect(fromMarkdown).toBe(first)
    expect(wrong).toBe('PASSPHRASE_WRONG')
  })
})

declare global {
  interface Window {
    live: LiveQuery<Entry[]>
    snapshots: (readonly Entry[])[]
  }
}
