/** A few rounds of the tabs suite; `npm run test:tabs` runs hundreds. */
import { beforeAll, expect, it } from 'vitest'
import { serveTabsPage } from './serve-tabs-page.ts'
import { runSoak } from './soak.ts'
import { runTabRounds } from './tab-rounds.ts'
import type { StrikeName } from './strikes.ts'

let pageUrl: string

beforeAll(async () => {
  const site = await serveTabsPage()
  pageUrl = site.url
  return () => site[Symbol.asyncDispose]()
})

it.each<[tabCount: number, strikeNames: StrikeName[]]>([
  [2, ['terminate', 'close', 'freeze']],
  [5, ['navigate', 'stop', 'crash', 'kill']],
])('%i tabs do everything once, whatever happens to the one that leads', async (tabCount, strikeNames) => {
  const rounds = await runTabRounds({ pageUrl, tabCount, rounds: strikeNames.length, seed: 40 + tabCount, strikeNames })
  expect(rounds.map(({ strike }) => strike)).toEqual(strikeNames)
})

it('keeps nothing of tabs that left, in good order or not', async () => {
  const { before, after, turns } = await runSoak({ pageUrl, guests: 3, seed: 7, isOver: (turns) => turns === 3 })
  expect(turns).toBe(3)
  const counted = ['locks held', 'locks waited for', 'channels of the leader']
  for (const name of counted) expect(after[name], name).toBe(before[name])
})
