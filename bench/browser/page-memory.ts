/** What a page takes in memory, its workers and WebAssembly included. */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'

/**
 * Collects garbage, then reads two figures: `heap`, JavaScript's objects in the page, and `memory`, what the page's
 * process shares with nobody, which Linux alone tells.
 *
 * @param suffix - Put behind both names.
 */
export async function pageMemory(page: Page, suffix: string): Promise<Record<string, number>> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  await devtools.detach()
  const privateBytes = await largestRenderer(page)
  return { [`heap${suffix}`]: usedSize, ...(privateBytes > 0 && { [`memory${suffix}`]: privateBytes }) }
}

/** The private memory of the largest renderer, in bytes; the others show empty tabs. */
async function largestRenderer(page: Page): Promise<number> {
  const devtools = await page.context().browser()?.newBrowserCDPSession()
  if (!devtools) return 0
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo')
  const sizes = await Promise.all(
    processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => privateMemory(id)),
  )
  await devtools.detach()
  return Math.max(0, ...sizes)
}

async function privateMemory(processId: number): Promise<number> {
  const text = await readFile(`/proc/${processId}/smaps_rollup`, 'utf8').catch(() => '')
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].map(([, amount]) => Number(amount))
  return kilobytes.reduce((sum, amount) => sum + amount, 0) * 1024
}
