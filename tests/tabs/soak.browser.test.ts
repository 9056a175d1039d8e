/** A few turns of tabs that come and go, counted with Chromium's developer tools. */
import { beforeAll, expect, it } from 'vitest'
import { serveTabsPage } from './serve-tabs-page.ts'
import { runSoak } from './soak.ts'

let pageUrl: string

beforeAll(async () => {
  const site = await serveTabsPage()
  pageUrl = site.url
  return () => site[Symbol.asyncDispose]()
})

it('keeps nothing of tabs that left, in good order or not', { tags: 'long' }, async () => {
  const { before, after, turns } = await runSoak({ pageUrl, guests: 3, seed: 7, isOver: (turns) => turns === 3 })
  expect(turns).toBe(3)
  const counted = ['locks held', 'locks waited for', 'channels of the leader']
  for (const name of counted) expect(after[name], name).toBe(before[name])
})
