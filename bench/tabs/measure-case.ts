/** Measures one way to reach the engine, in a browser of its own. */
import type { Page } from 'playwright-core'
import { median } from '../browser/median.ts'
import type { RoundFigures } from '../browser/figures.ts'
import type { BenchPage } from '../browser/serve-page.ts'
import { launchChromium } from '../../tests/support/browsers/chromium.ts'

/** Where the engine is, seen from the tab that asks. */
export const caseNames = ['page', 'own', 'other'] as const
export type CaseName = (typeof caseNames)[number]

/** How many entries there are while statements are timed. */
const present = 10_000
/** From here on the numbers of entries are free: statements were timed with those below. */
const firstTold = 2 * present
const told = 60
const toldToWarmUp = 10

/** Runs the workload. */
export async function measureCase(site: BenchPage, name: CaseName): Promise<RoundFigures> {
  await using browser = await launchChromium()
  const visit = async (engine: 'page' | 'worker'): Promise<Page> => {
    const page = await browser.context.newPage()
    await page.goto(site.url)
    await page.evaluate((given) => window.tabsBench.open(given), engine)
    return page
  }
  const first = await visit(name === 'page' ? 'page' : 'worker')
  await first.evaluate((count) => window.tabsBench.fill(count), present)
  const asking = name === 'other' ? await visit('worker') : first
  const role = await asking.evaluate(() => window.tabsBench.role())
  if ((role === 'follower') !== (name === 'other')) throw new Error(`In the case "${name}" the tab is ${role}.`)
  const figures = await asking.evaluate((count) => window.tabsBench.timeStatements(count), present)
  if (name !== 'other') return figures
  const third = await visit('worker')
  return { ...figures, ...(await timeNotifications([first, asking, third])) }
}

/** From one tab's statement to another tab's callback, from the call and from its acknowledgement. */
async function timeNotifications([leader, follower, third]: readonly [Page, Page, Page]): Promise<RoundFigures> {
  const figures: Record<string, number> = {}
  const pairs = { 'leader-follower': [leader, follower], 'follower-follower': [follower, third] } as const
  let next = firstTold
  for (const [name, [one, other]] of Object.entries(pairs)) {
    const fromCall: number[] = []
    const fromAcknowledgement: number[] = []
    for (let sample = -toldToWarmUp; sample < told; sample += 1) {
      // There and back: what the clocks of two processes differ by falls out of the sum.
      const there = await timeNotification(one, other, next++)
      const back = await timeNotification(other, one, next++)
      if (sample < 0) continue
      fromCall.push((there.fromCall + back.fromCall) / 2)
      fromAcknowledgement.push((there.fromAcknowledgement + back.fromAcknowledgement) / 2)
    }
    figures[`heard-${name}`] = median(fromCall)
    figures[`heard-after-${name}`] = median(fromAcknowledgement)
  }
  return figures
}

async function timeNotification(
  from: Page,
  to: Page,
  at: number,
): Promise<{ readonly fromCall: number; readonly fromAcknowledgement: number }> {
  const { calledAt, acknowledgedAt } = await from.evaluate((given) => window.tabsBench.tell(given), at)
  const heard = await to.waitForFunction((given) => window.tabsBench.heardAt(given), at, { polling: 5 })
  const heardAt = (await heard.jsonValue()) ?? NaN
  return { fromCall: heardAt - calledAt, fromAcknowledgement: heardAt - acknowledgedAt }
}
