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
  const devtools = await context.browser()?.newBrowserCDPSession()
  if (!devtools) return []
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo')
  await devtools.detach()
  const renderers = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => ({ processId: id, privateBytes: await privateMemory(id) })),
  )
  return renderers.toSorted((left, right) => right.privateBytes - left.privateBytes)
}

/** Far more than anything else in a page allocates in the meantime. */
const ballastBytes = 200 * 2 ** 20

/** The process of a page: the one that grows when the page is given something to hold, which it then lets go. */
export async function processOf(page: Page): Promise<number> {
  const before = new Map((await renderersBySize(page.context())).map((each) => [each.processId, each.privateBytes]))
  const ballast = await page.evaluateHandle((bytes) => new Uint8Array(bytes).fill(1), ballastBytes)
  const after = await renderersBySize(page.context())
  await ballast.dispose()
  const grown = after.find(({ processId, privateBytes }) => {
    return privateBytes - (before.get(processId) ?? privateBytes) > ballastBytes / 2
  })
  if (!grown) throw new Error('This system does not tell which process runs the page.')
  return grown.processId
}

async function privateMemory(processId: number): Promise<number> {
  const text = await readFile(`/proc/${processId}/smaps_rollup`, 'utf8').catch(() => '')
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].map(([, amount]) => Number(amount))
  return kilobytes.reduce((sum, amount) => sum + amount, 0) * 1024
}
