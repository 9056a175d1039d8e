/** `npm run test:tabs`: many rounds; `--rounds`, `--seed`, `--tabs` and `--strikes` change them. */
import { parseArgs } from 'node:util'
import { serveTabsPage } from './serve-tabs-page.ts'
import { strikeNames } from './strikes.ts'
import { runTabRounds } from './tab-rounds.ts'
import type { TabRound } from './tab-rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    tabs: { type: 'string', default: '2,5,20' },
    strikes: { type: 'string', default: strikeNames.join() },
  },
})

await using site = await serveTabsPage()
const named = values.strikes.split(',')
const unknown = named.filter((name) => !strikeNames.some((known) => known === name))
if (unknown.length > 0) throw new Error(`There is no strike "${unknown.join()}", only ${strikeNames.join()}.`)
const tabCounts = values.tabs.split(',').map(Number)
const rounds: TabRound[] = []
for (const [index, tabCount] of tabCounts.entries()) {
  const share = Math.ceil((Number(values.rounds) - rounds.length) / (tabCounts.length - index))
  rounds.push(
    ...(await runTabRounds({
      pageUrl: site.url,
      tabCount,
      rounds: share,
      seed: Number(values.seed) + index,
      strikeNames: strikeNames.filter((name) => named.includes(name)),
      onRound: (round) => console.log(describe(round)),
    })),
  )
}
for (const name of strikeNames) {
  const ofKind = rounds.filter(({ strike }) => strike === name)
  if (ofKind.length > 0) console.log(summarize(name, ofKind))
}
console.log(summarize('all', rounds))

function describe({ round, tabCount, strike, acknowledged, refused, lostRows, ...rest }: TabRound): string {
  return (
    `${tabCount} tabs ${round}: ${strike}, ${acknowledged} acknowledged, ${refused} refused, ${lostRows} without rows, ` +
    `${rest.orphansKept} of ${rest.orphans} orphans kept, ${rest.hasChanged ? 'another leads' : 'no other leads'}, on again after ${(rest.recoveryMs / 1000).toFixed(1)} s`
  )
}

function summarize(name: string, some: readonly TabRound[]): string {
  const sum = (key: 'acknowledged' | 'refused' | 'lostRows' | 'orphansKept' | 'orphans') =>
    some.reduce((total, round) => total + round[key], 0)
  const longest = Math.max(...some.map(({ recoveryMs }) => recoveryMs))
  return (
    `${name}: ${some.length} rounds, ${sum('acknowledged')} acknowledged, none lost or doubled, ${sum('refused')} refused, ` +
    `${sum('lostRows')} without rows, ${sum('orphansKept')} of ${sum('orphans')} orphans kept, ` +
    `on again after at most ${(longest / 1000).toFixed(1)} s`
  )
}
