/** Lets tabs come and go beside two that stay, the leader and an idle follower, and compares what these hold. */
import type { Page } from 'playwright-core'
import { launchChromium } from '../support/browsers/chromium.ts'
import { createRandom } from '../support/random.ts'
import { startLane } from './lane.ts'
import { createTabs } from './open-tabs.ts'
import { within } from './within.ts'

/** What to run. */
export interface SoakOptions {
  readonly pageUrl: string
  /** How many tabs come and go at a time. */
  readonly guests: number
  readonly seed: number
  /** Asked after each turn. */
  readonly isOver: (turns: number) => boolean
}

/** Bytes and counts by name: heaps, locks of the origin held and waited for, channels of the leader. */
export type Footprint = Readonly<Record<string, number>>

/** What a soak showed. */
export interface SoakReport {
  readonly turns: number
  /** After one turn, when everything is loaded that will be. */
  readonly before: Footprint
  readonly after: Footprint
}

const leaderTimeoutMs = 5_000
const capMs = 60_000

/**
 * Runs turns until it is over. Some guests leave in good order, some in the middle of an operation.
 *
 * @throws Error when something of a guest that left stays behind.
 */
export async function runSoak({ pageUrl, guests, seed, isOver }: SoakOptions): Promise<SoakReport> {
  const random = createRandom(seed)
  await using browser = await launchChromium()
  const tabs = createTabs(() => browser.context.newPage(), { pageUrl, dataDir: 'idb://soak', leaderTimeoutMs })
  await tabs.fill(1)
  const leader = await tabs.leader()
  await tabs.fill(2)
  const follower = tabs.living().find((page) => page !== leader)
  if (!follower) throw new Error('The second tab is not there.')

  let turns = 0
  const takeTurn = async (): Promise<void> => {
    await within(capMs, () => 'The guests are not in', tabs.fill(2 + guests))
    const visiting = tabs.living().filter((page) => page !== leader && page !== follower)
    await Promise.all(visiting.map((page, guest) => visit(page, `${turns}-${guest}`, guest % 2 === 0, random(2 ** 31))))
    await leader.evaluate(() => window.tabs.clear())
  }
  await takeTurn()
  const alone = await countsOf(leader)
  const before = { ...alone, ...(await heapsOf(leader, follower)) }
  do {
    turns += 1
    await takeTurn()
    await returnTo(alone, leader)
  } while (!isOver(turns))
  return { turns, before, after: { ...(await countsOf(leader)), ...(await heapsOf(leader, follower)) } }
}

/** Works for a while and leaves. */
async function visit(page: Page, name: string, isOrderly: boolean, seed: number): Promise<void> {
  let tellEnough = (): void => undefined
  const enough = new Promise<void>((resolve) => (tellEnough = resolve))
  const lane = startLane({
    page,
    name,
    durability: 'strict',
    random: createRandom(seed),
    capMs,
    onProgress() {
      if (lane.done >= 20 || lane.isGone) tellEnough()
    },
  })
  await within(capMs, () => 'A guest does not work', Promise.race([enough, lane.ended]))
  if (isOrderly) {
    await lane.stop()
    await page.evaluate(() => window.tabs.close())
    await page.close()
  } else {
    await page.close()
    await lane.stop()
  }
}

/** Waits until nothing of the guests is left. */
async function returnTo(alone: Footprint, leader: Page): Promise<void> {
  const end = performance.now() + capMs
  let counts = await countsOf(leader)
  while (JSON.stringify(counts) !== JSON.stringify(alone)) {
    if (performance.now() > end) {
      throw new Error(`Of tabs that left stays ${JSON.stringify(counts)} instead of ${JSON.stringify(alone)}.`)
    }
    counts = await countsOf(leader)
  }
}

async function countsOf(leader: Page): Promise<Footprint> {
  const locks = await leader.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query()
    return { held: held.length, pending: pending.length }
  })
  const channels = await leader.workers()[0]?.evaluate(() => globalThis.countOpenChannels())
  return { 'locks held': locks.held, 'locks waited for': locks.pending, 'channels of the leader': channels ?? 0 }
}

async function heapsOf(leader: Page, follower: Page): Promise<Footprint> {
  return {
    'heap of the leader, bytes': await heapOf(leader),
    'heap of the idle follower, bytes': await heapOf(follower),
    "heap of the leader's worker, bytes": await workerHeapOf(leader),
    "heap of the idle follower's worker, bytes": await workerHeapOf(follower),
  }
}

async function heapOf(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  await devtools.detach()
  return usedSize
}

/** The same of the page's worker, which is a target of its own. */
async function workerHeapOf(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  const attached = new Promise<string>((resolve) => {
    devtools.on('Target.attachedToTarget', ({ sessionId }) => resolve(sessionId))
  })
  await devtools.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
  const sessionId = await within(capMs, () => 'The worker is no target', attached)
  const ask = (id: number, method: string): Promise<string> => {
    const answered = new Promise<string>((resolve) => {
      devtools.on('Target.receivedMessageFromTarget', ({ message }) => {
        if (message.startsWith(`{"id":${id},`)) resolve(message)
      })
    })
    return devtools
      .send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) })
      .then(() => within(capMs, () => `${method} has no answer`, answered))
  }
  await ask(1, 'HeapProfiler.collectGarbage')
  const usage = await ask(2, 'Runtime.getHeapUsage')
  await devtools.detach()
  return Number(/"usedSize":(\d+)/.exec(usage)?.[1] ?? NaN)
}
