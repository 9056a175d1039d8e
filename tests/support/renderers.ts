/** The processes that run a browser's pages. */
import { readFile } from 'node:fs/promises'
import type { BrowserContext, Page } from 'playwright-core'

/** A process that runs pages and their workers. */
export interface Renderer {
  readonly processId: number
  /** What it shares with nobody, in bytes; 0 where the system does not tell, as only Linux does. */
  readonly privateBytes: number
}

/** All of a browser's, the largest first; a WebAssembly engine makes its page's by far the largest. */
export async function renderersBySize(context: BrowserContext): Promise<Renderer[]> {
  const renderers = await Promise.all(
    (await rendererInfo(context)).map(async ({ id }) => ({ processId: id, privateBytes: await privateMemory(id) })),
  )
  return renderers.toSorted((left, right) => right.privateBytes - left.privateBytes)
}

/** How often a page is compared with the processes before giving up, and what it computes in between, in milliseconds. */
const comparisons = 100
const computesMs = 15

/** The process of a page: the one whose processor time always is what the page says of its own. */
export async function processOf(page: Page): Promise<number> {
  const ofPage = await page.context().newCDPSession(page)
  await ofPage.send('Performance.enable')
  let candidates = (await rendererInfo(page.context())).map(({ id }) => id)
  for (let left = comparisons; left > 0 && candidates.length > 1; left -= 1) {
    await page.evaluate((ms) => {
      const end = performance.now() + ms
      while (performance.now() < end);
    }, computesMs)
    const before = await rendererInfo(page.context())
    const { metrics } = await ofPage.send('Performance.getMetrics')
    const after = await rendererInfo(page.context())
    const own = metrics.find(({ name }) => name === 'ProcessTime')?.value ?? 0
    candidates = candidates.filter((id) => {
      const earliest = before.find((each) => each.id === id)?.cpuTime ?? Infinity
      const latest = after.find((each) => each.id === id)?.cpuTime ?? 0
      return earliest <= own && own <= latest
    })
  }
  await ofPage.detach()
  const [found, ...others] = candidates
  if (found === undefined || others.length > 0)
    throw new Error('The browser does not tell which process runs the page.')
  return found
}

async function rendererInfo(context: BrowserContext) {
  const devtools = await context.browser()?.newBrowserCDPSession()
  if (!devtools) return []
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo')
  await devtools.detach()
  return processInfo.filter(({ type }) => type === 'renderer')
}

async function privateMemory(processId: number): Promise<number> {
  const text = await readFile(`/proc/${processId}/smaps_rollup`, 'utf8').catch(() => '')
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].map(([, amount]) => Number(amount))
  return kilobytes.reduce((sum, amount) => sum + amount, 0) * 1024
}
