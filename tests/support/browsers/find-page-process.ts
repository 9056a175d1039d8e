/** Tells which process runs a page, where the browser does not. */
import { descendantsOf } from './processes.ts'
import type { TestPage } from './test-browser.ts'

/** How long a page computes to be told from the others, in milliseconds, and how often at most. */
const computesMs = 150
const attempts = 20

/** Of a browser's processes, the one that is busy while the page computes, and clearly more so than any other. */
export async function findPageProcess(browserId: number, page: TestPage, isOfPages: RegExp): Promise<number> {
  for (let left = attempts; left > 0; left -= 1) {
    const before = new Map((await descendantsOf(browserId)).map(({ id, ticks }) => [id, ticks]))
    await page.evaluate((ms) => {
      const end = performance.now() + ms
      while (performance.now() < end);
    }, computesMs)
    const spent = (await descendantsOf(browserId))
      .filter(({ command }) => isOfPages.test(command))
      .map(({ id, ticks }) => ({ id, ticks: ticks - (before.get(id) ?? 0) }))
      .toSorted((left, right) => right.ticks - left.ticks)
    const [busiest, next] = spent
    if (busiest && busiest.ticks >= 10 && busiest.ticks > 2 * (next?.ticks ?? 0)) return busiest.id
  }
  throw new Error('No process of the browser is busier than the others while the page computes.')
}
