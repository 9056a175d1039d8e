/** Measures one peer once, in a browser of its own. */
import type { RoundFigures } from '../browser/figures.ts'
import type { BenchPage } from '../browser/serve-page.ts'
import { launchChromium } from '../../tests/support/browsers/chromium.ts'
import type { PeerName } from './peers.ts'

/** Fills the database to each of the sizes, and measures there; a figure's name ends in the size. */
export async function measurePeer(
  site: BenchPage,
  peer: PeerName,
  readmes: readonly string[],
  sizes: readonly number[],
): Promise<RoundFigures> {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  page.setDefaultTimeout(0)
  await page.goto(site.url)
  await page.evaluate(([name, texts]) => window.dataBench.open(name, texts), [peer, readmes] as const)
  const figures: Record<string, number> = {}
  const add = (size: number, measured: RoundFigures) => {
    for (const [name, value] of Object.entries(measured)) figures[`${name}@${size}`] = value
  }
  let present = 0
  for (const [at, size] of sizes.entries()) {
    add(size, await page.evaluate(([from, to]) => window.dataBench.importNotes(from, to), [present, size] as const))
    add(size, await page.evaluate((isLarge) => window.dataBench.measure(isLarge), at > 0))
    present = size
  }
  return figures
}
