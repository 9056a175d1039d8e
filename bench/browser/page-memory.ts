/** What a page takes in memory, its workers and WebAssembly included. */
import type { Page } from 'playwright-core'
import { renderersBySize } from '../../tests/support/renderers.ts'

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
  // The others show empty tabs.
  const privateBytes = (await renderersBySize(page.context()))[0]?.privateBytes ?? 0
  return { [`heap${suffix}`]: usedSize, ...(privateBytes > 0 && { [`memory${suffix}`]: privateBytes }) }
}
