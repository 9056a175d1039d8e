/** Loses the tab that leads in the middle of everybody's work, again and again, and compares what is left with a model. */
import { isDeepStrictEqual } from 'node:util'
import type { BrowserName, TestBrowser, TestPage } from '../support/browsers/test-browser.ts'
import { launchBrowser } from '../support/browsers/launch-browser.ts'
import { createRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { startLane } from './lane.ts'
import type { Lane } from './lane.ts'
import { createTabs } from './open-tabs.ts'
import type { OpenTabs } from './open-tabs.ts'
import { createProgress } from './progress.ts'
import { strikes } from './strikes.ts'
import type { StrikeName } from './strikes.ts'
import { within } from './within.ts'
import type { Version } from './versions.ts'
import { contentsOf } from './workload.ts'
import type { Contents } from './workload.ts'

/** What to run. */
export interface TabRoundsOptions {
  /** @defaultValue chromium */
  readonly browser?: BrowserName | undefined
  readonly pageUrl: string
  readonly tabCount: number
  readonly rounds: number
  readonly seed: number
  /** @defaultValue strict */
  readonly durability?: 'strict' | 'relaxed' | undefined
  /** Gone through in this order, over and over. */
  readonly strikeNames: readonly StrikeName[]
  /** @defaultValue 5000 */
  readonly leaderTimeoutMs?: number | undefined
  readonly onRound?: ((round: TabRound) => void) | undefined
}

/** What a round showed. */
export interface TabRound {
  readonly round: number
  readonly strike: StrikeName
  readonly tabCount: number
  readonly durability: 'strict' | 'relaxed'
  /** Operations that were acknowledged; in strict mode each is there, once. */
  readonly acknowledged: number
  /** Acknowledged operations that are gone; always 0 when strict. */
  readonly lost: number
  /** How long before the strike the oldest of those was acknowledged, in milliseconds. */
  readonly oldestLostMs: number
  /** Operations that failed; nothing of them is there. */
  readonly refused: number
  /** Operations that took effect and lost the rows they returned. */
  readonly lostRows: number
  /** Operations of which nobody could say in time whether they took effect. */
  readonly unknown: number
  /** Operations whose tab went away with them: those that took effect, and all. */
  readonly orphansKept: number
  readonly orphans: number
  /** From the strike until every living tab had done something again. */
  readonly recoveryMs: number
  /** The longest that an operation took in a tab that was not struck, in milliseconds. */
  readonly longestMs: number
}

/**
 * Nothing may take longer than twice the timeout, except in a tab that is stopped itself: as long as the others cannot go
 * on, because Chromium takes 60 seconds to end what it was storing. The rest is for a machine that is busy.
 */
const slackMs = 120_000
const roundsPerBrowser = 10

/**
 * Runs the rounds.
 *
 * @throws Error when an operation took effect twice, in part, or not although it was acknowledged; when one hangs or gives
 *   what the model does not expect; and when a tab does not go on.
 */
export async function runTabRounds(options: TabRoundsOptions): Promise<TabRound[]> {
  const {
    browser: name = 'chromium',
    pageUrl,
    rounds,
    seed,
    strikeNames,
    tabCount,
    durability = 'strict',
    leaderTimeoutMs = 5_000,
  } = options
  const random = createRandom(seed)
  const capMs = 2 * leaderTimeoutMs + slackMs
  const done: TabRound[] = []
  while (done.length < rounds) {
    await using browser = await launchBrowser(name, { keepsLeftPages: true })
    const tabs = createTabs(() => browser.newPage(), { pageUrl, dataDir: 'idb://tabs', durability, leaderTimeoutMs })
    for (let left = Math.min(roundsPerBrowser, rounds - done.length); left > 0; left -= 1) {
      const strike = strikeNames[done.length % strikeNames.length] ?? 'close'
      try {
        await within(capMs, () => 'The tabs are not open', tabs.fill(tabCount))
        const figures = await runRound(browser, tabs, strike, { durability, random, capMs, round: done.length })
        const round = { round: done.length, strike, tabCount, durability, ...figures }
        done.push(round)
        options.onRound?.(round)
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause)
        throw new Error(`Round ${done.length} (${strike}, ${tabCount} tabs, seed ${seed}): ${message}`, { cause })
      }
    }
  }
  return done
}

type RoundFigures = Omit<TabRound, 'round' | 'strike' | 'tabCount' | 'durability'>

interface RoundOptions extends Pick<TabRound, 'round' | 'durability'> {
  readonly random: Random
  readonly capMs: number
}

async function runRound(
  browser: TestBrowser,
  tabs: OpenTabs,
  strike: StrikeName,
  { durability, random, capMs, round }: RoundOptions,
): Promise<RoundFigures> {
  const progress = createProgress(capMs)
  // Two in each tab are enough to have requests wait for each other; twenty tabs do that by themselves.
  const pages = tabs.living()
  const lanesPerTab = pages.length > 5 ? 1 : 2
  const lanes = pages.flatMap((page, tab) =>
    Array.from({ length: lanesPerTab }, (_, lane) =>
      startLane({
        page,
        name: `${tab}-${lane}`,
        durability,
        random: createRandom(random(2 ** 31)),
        capMs,
        onProgress: () => progress.tell(),
      }),
    ),
  )
  const total = (): number => lanes.reduce((sum, { done }) => sum + done, 0)
  const goOn = async (concerned: readonly Lane[], what: string): Promise<void> => {
    const before = new Map(concerned.map((lane) => [lane, lane.done]))
    await progress.until(lanes, what, () =>
      concerned.every((lane) => lane.isGone || lane.done >= (before.get(lane) ?? 0) + 2),
    )
  }

  const enough = lanes.length * (1 + random(6))
  await progress.until(lanes, 'The tabs do not work', () => total() >= enough)
  const leader = await within(capMs, () => 'Nobody leads', tabs.leader())
  for (const lane of lanes) lane.expectLoss()
  const start = performance.now()
  const aftermath = await strikes[strike](leader, browser)
  const others = lanes.filter(({ page }) => page !== leader)
  await goOn(others, 'A tab did not go on')
  const recoveryMs = performance.now() - start
  for (const lane of others) lane.endLoss()
  const hasChanged = await leadsOneOf(others)
  // A worker needs no main thread: who only blocks goes on leading.
  if (hasChanged !== (strike !== 'block')) throw new Error(hasChanged ? 'Another tab leads.' : 'No other tab leads.')
  await aftermath.bringBack?.()
  await tabs.fill(0)
  const own = lanes.filter(({ page }) => page === leader)
  if (!aftermath.isGone) {
    if (hasChanged) await within(capMs, () => 'The tab that led does not follow', untilItFollows(leader))
    for (const lane of own) lane.endLoss()
    await goOn(own, 'The tab that led did not go on')
  }
  await Promise.all(lanes.map((lane) => lane.stop()))

  const found = await compare(tabs, lanes)
  await notifyEverybody(tabs.living(), `round ${round}`, capMs)
  const sum = (key: 'done' | 'refused' | 'lostRows' | 'unknown') =>
    lanes.reduce((result, lane) => result + lane[key], 0)
  return {
    acknowledged: sum('done'),
    refused: sum('refused'),
    lostRows: sum('lostRows'),
    unknown: sum('unknown'),
    lost: found.reduce((result, { missing }) => result + missing, 0),
    oldestLostMs: Math.max(0, ...found.map(({ oldestMissingAt = start }) => Math.round(start - oldestMissingAt))),
    orphans: lanes.filter(({ isOrphaned }) => isOrphaned).length,
    orphansKept: found.filter(({ hasOrphan }) => hasOrphan).length,
    recoveryMs,
    longestMs: Math.max(...others.map(({ longestMs }) => longestMs)),
  }
}

async function leadsOneOf(lanes: readonly Lane[]): Promise<boolean> {
  const pages = [...new Set(lanes.filter(({ isGone }) => !isGone).map(({ page }) => page))]
  const roles = await Promise.all(pages.map((page) => page.evaluate(() => window.tabs.role())))
  return roles.includes('leader')
}

/** Until then, one that stood still may acknowledge in relaxed mode what it will find that it cannot store. */
async function untilItFollows(page: TestPage): Promise<void> {
  while ((await page.evaluate(() => window.tabs.role())) === 'leader');
}

/**
 * Compares what every tab sees with what is known of the lanes.
 *
 * @returns The version of each lane that is there.
 */
async function compare(tabs: OpenTabs, lanes: readonly Lane[]): Promise<Version[]> {
  const living = tabs.living()
  for (const page of living) await page.evaluate(() => window.tabs.idle())
  const [first, ...others] = await Promise.all(living.map((page) => page.evaluate(() => window.tabs.contents())))
  if (!first) throw new Error('No tab is left.')
  if (!others.every((contents) => isDeepStrictEqual(contents, first))) throw new Error('Tabs see different rows.')
  const found = lanes.map((lane) => {
    const isOwn = ([name]: readonly [string, ...unknown[]]) => name === lane.name
    const ofLane: Contents = { work: first.work.filter(isOwn), tally: first.tally.filter(isOwn) }
    const versions = lane.versions()
    const [version] = versions
      .filter(({ model }) => isDeepStrictEqual(contentsOf([model]), ofLane))
      .toSorted((left, right) => left.missing - right.missing)
    if (!version) {
      const held = versions.map(({ model }) => contentsOf([model]))
      throw new Error(`Lane ${lane.name}: ${JSON.stringify(ofLane)} instead of ${JSON.stringify(held)}.`)
    }
    return version
  })
  if (!isDeepStrictEqual(contentsOf(found.map(({ model }) => model)), first)) throw new Error('Rows of nobody.')
  await living[0]?.evaluate(() => window.tabs.clear())
  return found
}

/** One tab notifies, every tab hears it. */
async function notifyEverybody([first, ...others]: readonly TestPage[], payload: string, capMs: number): Promise<void> {
  if (!first) throw new Error('No tab is left.')
  await first.evaluate((given) => window.tabs.notify(given), payload)
  for (const page of [first, ...others]) {
    await page.waitForFunction((given) => window.tabs.hasHeard(given), payload, { polling: 20, timeout: capMs })
  }
}
