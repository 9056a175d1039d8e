/** `npm run test:damage`: damages and sound stores by the thousand; `--lives`, `--damages` and `--seed` change it. */
import { parseArgs } from 'node:util'
import { serveStoragePage } from '../app/storage/storage-page.ts'
import { launchChromium } from '../support/browsers/chromium.ts'

const { values } = parseArgs({
  options: {
    /** Databases, each of which lives a life of its own. */
    lives: { type: 'string', default: '11' },
    /** Damages to each, one at a time. */
    damages: { type: 'string', default: '95' },
    seed: { type: 'string', default: '1' },
  },
})
const beginnings = ['new', 'format 1', 'stock'] as const

await using server = await serveStoragePage()
await using browser = await launchChromium()
const refused = new Map<string, number>()
let [tried, harmless, lostLast, opened] = [0, 0, 0, 0]
const wrong: string[] = []
for (let life = 0; life < Number(values.lives); life += 1) {
  const options = {
    seed: Number(values.seed) * 1000 + life,
    beginning: beginnings[life % 4 === 3 ? 2 : life % 2] ?? 'new',
    sessions: 3 + (life % 4),
    damages: Number(values.damages),
    usedOn: 2,
  }
  // A page of its own for each: Postgres' memory goes with it.
  const page = await browser.context.newPage()
  await page.goto(server.url)
  const report = await page.evaluate((given) => window.storage.runDamages(given), options)
  await page.close()
  for (const [code, times] of Object.entries(report.refused)) refused.set(code, (refused.get(code) ?? 0) + times)
  tried += options.damages
  harmless += report.harmless
  lostLast += report.lostLast
  opened += report.opened
  wrong.push(...report.wrong.map((line) => `${options.beginning}, seed ${options.seed}: ${line}`))
  for (const line of report.wrong) console.log(`WRONG ${options.beginning}, seed ${options.seed}: ${line}`)
  console.log(
    `${life} (${options.beginning}): refused ${JSON.stringify(report.refused)}, harmless ${report.harmless}, last flush lost ${report.lostLast}`,
  )
}
console.log(
  `${tried} damages: ${[...refused].map(([code, times]) => `${times} ${code}`).join(', ')}, ${harmless} harmless, ${lostLast} last flushes lost, ${wrong.length} wrong.`,
)
console.log(`${opened} openings of sound stores between them, none refused.`)
if (wrong.length > 0) process.exitCode = 1
