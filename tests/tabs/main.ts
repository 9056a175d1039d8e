/** `npm run test:tabs`: many rounds; `--browser`, `--rounds`, `--seed`, `--tabs`, `--strikes`, `--durability`, or instead `--soak MINUTES`. */
import { parseArgs } from 'node:util'
import { toBrowserName } from '../support/browsers/test-browser.ts'
import { serveTabsPage } from './serve-tabs-page.ts'
import { runSoak } from './soak.ts'
import { strikeNames } from './strikes.ts'
import { runTabRounds } from './tab-rounds.ts'
import type { TabRound } from './tab-rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    tabs: { type: 'string', default: '2,5,20' },
    strikes: { type: 'string', default: strikeNames.join() },
    durability: { type: 'string', default: 'strict' },
    browser: { type: 'string', default: 'chromium' },
    soak: { type: 'string' },
  },
})

await using site = await serveTabsPage()
if (values.soak === undefined) await runRounds()
else await soak(Number(values.soak))

async function runRounds(): Promise<void> {
  const named = values.strikes.split(',')
  const unknown = named.filter((name) => !strikeNames.some((known) => known === name))
  if (unknown.length > 0) throw new Error(`There is no strike "${unknown.join()}", only ${strikeNames.join()}.`)
  const { durability } = values
  if (durability !== 'strict' && durability !== 'relaxed') throw new Error('The durability is strict or relaxed.')
  const tabCounts = values.tabs.split(',').map(Number)
  const rounds: TabRound[] = []
  for (const [index, tabCount] of tabCounts.entries()) {
    const share = Math.ceil((Number(values.rounds) - rounds.length) / (tabCounts.length - index))
    rounds.push(
      ...(await runTabRounds({
        browser: toBrowserName(values.browser),
        pageUrl: site.url,
        tabCount,
        rounds: share,
        seed: Number(values.seed) + index,
        durability,
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
}

async function soak(minutes: number): Promise<void> {
  const end = performance.now() + minutes * 60_000
  const { before, after, turns } = await runSoak({
    pageUrl: site.url,
    guests: 3,
    seed: Number(values.seed),
    isOver: () => performance.now() >= end,
  })
  console.log(`${turns} turns of 3 tabs that come and go, in ${minutes} minutes`)
  for (const name of Object.keys(before)) console.log(`${name}: ${before[name] ?? 0} before, ${after[name] ?? 0} after`)
}

function describe({
  round,
  tabCount,
  durability,
  strike,
  acknowledged,
  refused,
  lostRows,
  unknown,
  ...rest
}: TabRound): string {
  return (
    `${tabCount} tabs ${round}, ${durability}: ${strike}, ${acknowledged} acknowledged, ` +
    `${describeLoss(rest.lost, rest.oldestLostMs)}, ${refused} refused, ${lostRows} without rows, ${unknown} unknown, ` +
    `${rest.orphansKept} of ${rest.orphans} orphans kept, on again after ${seconds(rest.recoveryMs)}, ` +
    `longest wait ${seconds(rest.longestMs)}`
  )
}

function summarize(name: string, some: readonly TabRound[]): string {
  const sum = (key: 'acknowledged' | 'lost' | 'refused' | 'lostRows' | 'unknown' | 'orphansKept' | 'orphans') =>
    some.reduce((total, round) => total + round[key], 0)
  const most = (key: 'oldestLostMs' | 'recoveryMs' | 'longestMs') => Math.max(...some.map((round) => round[key]))
  return (
    `${name}: ${some.length} rounds, ${sum('acknowledged')} acknowledged, ` +
    `${describeLoss(sum('lost'), most('oldestLostMs'))}, none doubled, ${sum('refused')} refused, ` +
    `${sum('lostRows')} without rows, ${sum('unknown')} unknown, ${sum('orphansKept')} of ${sum('orphans')} orphans kept, ` +
    `on again after at most ${seconds(most('recoveryMs'))}, longest wait ${seconds(most('longestMs'))}`
  )
}

function describeLoss(lost: number, oldestMs: number): string {
  return lost === 0 ? 'none lost' : `${lost} lost, the oldest ${oldestMs} ms old`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
