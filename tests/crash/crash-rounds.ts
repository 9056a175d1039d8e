/** Kills a browser in the middle of its work, again and again, and compares what is left with a model. */
import { setTimeout as delay } from 'node:timers/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { launchBrowser } from '../support/browsers/launch-browser.ts'
import { isPageGone } from '../support/browsers/test-browser.ts'
import type { BrowserName, TestBrowser, TestPage } from '../support/browsers/test-browser.ts'
import { createRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { contentsOf, drawChange, emptyModel, setUp } from './model.ts'
import type { Change, Model } from './model.ts'

/** What to run. */
export interface CrashOptions {
  readonly browser: BrowserName
  readonly pageUrl: string
  readonly durability: 'strict' | 'relaxed'
  readonly rounds: number
  readonly seed: number
  /** Rounds on one profile before the next starts empty. */
  readonly roundsPerProfile?: number | undefined
  readonly onRound?: ((round: CrashRound) => void) | undefined
}

/** What a round showed. */
export interface CrashRound {
  readonly round: number
  /** Changes that were acknowledged before the kill. */
  readonly acknowledged: number
  /** Acknowledged changes that are gone; always 0 when strict. */
  readonly lost: number
  /** How long before the kill the oldest of those was acknowledged, in milliseconds. */
  readonly oldestLostMs: number
  /** Whether the change that was under way is there. */
  readonly tookInFlight: boolean
}

/** Milliseconds in which a kill may fall after the page starts to open, and after it starts to work. */
const openingKillMs = 900
const workingKillMs = 700

/**
 * Runs the rounds.
 *
 * @throws Error when a change that was acknowledged is missing, a half one is there, or `amcheck` complains.
 */
export async function runCrashRounds(options: CrashOptions): Promise<CrashRound[]> {
  const { rounds, seed, roundsPerProfile = 20 } = options
  const random = createRandom(seed)
  const done: CrashRound[] = []
  while (done.length < rounds) {
    const profileDir = await mkdtemp(join(tmpdir(), 'typyst-crash-'))
    try {
      let model = emptyModel
      for (let left = Math.min(roundsPerProfile, rounds - done.length); left > 0; left -= 1) {
        const isEarly = random(8) === 0
        const states = await workUntilKilled(profileDir, options, model, isEarly, random)
        const found = await inspect(profileDir, options, states.all)
        if (found < states.durable) {
          throw new Error(
            `Round ${done.length}, seed ${seed}: ${states.durable - found} acknowledged changes are gone.`,
          )
        }
        const round: CrashRound = {
          round: done.length,
          acknowledged: states.acknowledged,
          lost: Math.max(0, states.acknowledged - found),
          oldestLostMs: Math.round(states.killedAt - (states.acknowledgedAt[found] ?? states.killedAt)),
          tookInFlight: found > states.acknowledged,
        }
        done.push(round)
        options.onRound?.(round)
        model = states.all[found] ?? emptyModel
      }
    } finally {
      await rm(profileDir, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  return done
}

interface States {
  /** The model before the first change, and after each, the one under way included. */
  readonly all: readonly Model[]
  readonly acknowledged: number
  /** When each change was acknowledged, and when the browser was killed. */
  readonly acknowledgedAt: readonly number[]
  readonly killedAt: number
  /** How many changes must be there: all acknowledged ones when strict, those before the last `flush()` when relaxed. */
  readonly durable: number
}

async function workUntilKilled(
  profileDir: string,
  { browser: name, durability, pageUrl }: CrashOptions,
  model: Model,
  isEarly: boolean,
  random: Random,
): Promise<States> {
  const browser = await launchBrowser(name, { profileDir })
  const page = await browser.newPage()
  await page.goto(pageUrl)
  const all = [model]
  const acknowledgedAt: number[] = []
  let durable = 0
  const opening = page.evaluate((given) => window.crash.open(given), durability)
  if (isEarly) {
    const killedAt = await killAfter(random(openingKillMs), browser, opening)
    return { all, acknowledged: 0, acknowledgedAt, killedAt, durable }
  }

  await opening
  await run(page, setUp)
  await page.evaluate(() => window.crash.flush())
  const working = (async () => {
    for (;;) {
      const { change, after } = drawChange(all[all.length - 1] ?? model, random)
      all.push(after)
      await run(page, change).catch((cause: unknown) => {
        if (isPageGone(cause)) throw cause
        const sql = change.statements.map((statement) => statement.sql).join('; ')
        throw new Error(`The model allows "${sql}", as change ${all.length - 1} of the session.`, { cause })
      })
      const acknowledged = acknowledgedAt.push(performance.now())
      if (durability === 'strict') durable = acknowledged
      else if (random(20) === 0) {
        await page.evaluate(() => window.crash.flush())
        durable = acknowledged
      }
    }
  })()
  const killedAt = await killAfter(random(workingKillMs), browser, working)
  return { all, acknowledged: acknowledgedAt.length, acknowledgedAt, killedAt, durable }
}

/** Kills the browser after a while, waits for the work to notice, and tells when it was killed. */
async function killAfter(ms: number, browser: TestBrowser, work: Promise<void>): Promise<number> {
  const outcome = work.then(
    () => undefined,
    (error: unknown) => error,
  )
  await delay(ms) // Nothing is waited for: that the moment is a random one is the test.
  const killedAt = performance.now()
  await browser.kill()
  const error = await outcome
  // Anything else is a failure of the database.
  if (error instanceof Error && !isPageGone(error)) throw error
  return killedAt
}

/** Opens the profile again, checks it, and tells which of the states is there. */
async function inspect(
  profileDir: string,
  { browser: name, durability, pageUrl }: CrashOptions,
  states: readonly Model[],
): Promise<number> {
  await using browser = await launchBrowser(name, { profileDir })
  const page = await browser.newPage()
  await page.goto(pageUrl)
  await page.evaluate((given) => window.crash.open(given), durability)
  const contents = await page.evaluate(() => window.crash.contents())
  // From the newest: neighbours can be equal, as after a vacuum.
  const found = states.findLastIndex((state) => isDeepStrictEqual(contentsOf(state), contents))
  if (found < 0) {
    const describe = (state: Model) => {
      const expected = contentsOf(state)
      return (['entries', 'tables', 'indexes'] as const).map((kind) => {
        const [have, want] = [new Set(contents[kind]), new Set(expected[kind])]
        return `${kind}: ${[...want].filter((line) => !have.has(line)).length} missing, ${[...have].filter((line) => !want.has(line)).length} that should not be there`
      })
    }
    throw new Error(
      [
        `What is stored is the state after none of the ${states.length - 1} changes. Beside the last states:`,
        ...states.slice(-6).flatMap(describe),
      ].join('\n'),
    )
  }
  const complaints = await page.evaluate(() => window.crash.check())
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
  // Some sessions end in good order, so that the next one also starts from a database that was shut down.
  if (found % 2 === 0) await page.evaluate(() => window.crash.close())
  return found
}

function run(page: TestPage, change: Change): Promise<void> {
  return page.evaluate((given) => window.crash.run(given), change)
}
