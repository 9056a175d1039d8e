/** What `preload()` fetches, as Chromium's developer tools tell of a page's requests and its worker's. */
import { expect, it } from 'vitest'
import { modes, useChromiumTabs } from '../support/test-page.ts'

const tabs = useChromiumTabs()

it.each(modes)('fetches the code on preload and opens nothing, engine in the %s', async (mode) => {
  const page = await tabs.open()
  const wanted: string[] = []
  page.on('request', (request) => wanted.push(new URL(request.url()).pathname))
  const databases = await page.evaluate(async (mode) => {
    const app = window.typyst.createIn(mode, { dataDir: 'idb://preloaded' })
    await app.preload()
    return (await indexedDB.databases()).map(({ name }) => name)
  }, mode)
  expect(databases.filter((name) => name?.includes('preloaded'))).toEqual([])
  const fetched = wanted.filter((path) => path.endsWith('.js')).length
  expect(fetched).toBeGreaterThan(0)
})
