/** `durability: 'relaxed'`: what was acknowledged is stored soon, and at the latest when the page goes away. */
import { expect, it } from 'vitest'
import { browserName, modes, useTabs } from '../support/test-page.ts'

const tabs = useTabs()
const openTab = () => tabs.open()

/** The ids a new tab finds. */
async function storedIds(dataDir: string): Promise<string[]> {
  const page = await openTab()
  const ids = await page.evaluate(async (dataDir) => {
    const app = window.typyst.createAppDatabase({ dataDir })
    const rows = await app.db.select().from(app.schema.collection)
    await app.close()
    return rows.map(({ id }) => id)
  }, dataDir)
  await page.close()
  return ids
}

it.each(modes)(
  'stores what was acknowledged when the page is left in the same moment, engine in the %s',
  async (mode) => {
    const page = await openTab()
    const leaving = page.evaluate(async (mode) => {
      const app = window.typyst.createIn(mode, { dataDir: `idb://left-${mode}`, durability: 'relaxed' })
      await app.ready()
      await app.flush()
      await app.db.insert(app.schema.collection).values({ id: 'last', name: 'Last words' })
      location.href = 'about:blank'
    }, mode)
    // The page may be gone before it can answer.
    await Promise.all([page.waitForURL('about:blank'), leaving.catch(() => undefined)])
    await page.close()
    expect(await storedIds(`idb://left-${mode}`)).toEqual(['last'])
  },
)

// Chromium and WebKit end a worker with its frame in the middle of what it stores, and WebKit's database is blocked then.
it.runIf(browserName() === 'firefox')(
  'stores what was acknowledged when its frame is taken away in the same moment, engine in the worker',
  async () => {
    const mode = 'worker' as const
    const page = await openTab()
    for (const id of ['first', 'second', 'third']) {
      await page.evaluate(
        async ({ mode, id }) => {
          const frame = document.createElement('iframe')
          frame.src = location.href
          document.body.append(frame)
          await new Promise((resolve) => (frame.onload = resolve))
          const inside = frame.contentWindow
          if (!inside) throw new Error('The frame has no page.')
          const app = inside.typyst.createIn(mode, { dataDir: `idb://taken-away-${mode}`, durability: 'relaxed' })
          await app.flush()
          await app.db.insert(app.schema.collection).values({ id, name: 'Last words' })
          frame.remove()
        },
        { mode, id },
      )
    }
    await page.close()
    expect((await storedIds(`idb://taken-away-${mode}`)).toSorted()).toEqual(['first', 'second', 'third'])
  },
)

it.each(modes)(
  'stores what was acknowledged when it is closed, and when it is told to, engine in the %s',
  browserName() === 'chromium' ? {} : { tags: 'long' },
  async (mode) => {
    const page = await openTab()
    const phases = await page.evaluate(async (mode) => {
      const phases: string[] = []
      const app = window.typyst.createIn(mode, {
        dataDir: `idb://closed-${mode}`,
        durability: 'relaxed',
        onStorageChange: ({ phase }) => phases.push(phase),
      })
      await app.ready()
      await app.db.insert(app.schema.collection).values({ id: 'flushed', name: 'Flushed' })
      const waiting = (await app.status()).storage?.phase
      await app.flush()
      const stored = (await app.status()).storage?.phase
      await app.db.insert(app.schema.collection).values({ id: 'closed', name: 'Closed' })
      await app.close()
      return { waiting, stored, last: phases.at(-1) }
    }, mode)
    // Other browsers are handed it at once.
    const waiting = browserName() === 'chromium' ? /^pending$/ : /^(pending|clean)$/
    expect(phases).toEqual({
      waiting: expect.stringMatching(waiting) as string,
      stored: 'clean',
      last: 'closed',
    })
    await page.close()
    expect((await storedIds(`idb://closed-${mode}`)).toSorted()).toEqual(['closed', 'flushed'])
  },
)
