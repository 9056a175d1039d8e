/** A few rounds of the tabs suite; `npm run test:tabs` runs hundreds. */
import { beforeAll, expect, it } from 'vitest'
import { browserName } from '../support/test-page.ts'
import { serveTabsPage } from './serve-tabs-page.ts'
import { runTabRounds } from './tab-rounds.ts'
import type { StrikeName } from './strikes.ts'
import { fewOf } from '../support/rounds.ts'

let pageUrl: string

beforeAll(async () => {
  const site = await serveTabsPage()
  pageUrl = site.url
  return () => site[Symbol.asyncDispose]()
})

const cases: readonly [tabCount: number, strikeNames: StrikeName[]][] = [
  [2, ['terminate', 'freeze', 'kill']],
  [5, ['navigate', 'stop', 'crash', 'close']],
]

it.each(fewOf(cases))(
  '%i tabs do everything once, whatever happens to the one that leads',
  async (tabCount, strikeNames) => {
    const rounds = await runTabRounds({
      browser: browserName(),
      pageUrl,
      tabCount,
      rounds: strikeNames.length,
      seed: 40 + tabCount,
      strikeNames,
    })
    expect(rounds.map(({ strike }) => strike)).toEqual(strikeNames)
  },
)
