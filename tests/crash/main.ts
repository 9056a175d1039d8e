/** `npm run test:crash`: the crash suite with many rounds; `--browser`, `--rounds`, `--seed` and `--durability` change it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPage } from '../support/build-page.ts'
import { startPageServer } from '../support/page-server.ts'
import { toBrowserName } from '../support/browsers/test-browser.ts'
import { runCrashRounds } from './crash-rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '150' },
    seed: { type: 'string', default: '1' },
    durability: { type: 'string', default: 'both' },
    browser: { type: 'string', default: 'chromium' },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'typyst-crash-page-'))
await buildPage(folder, new URL('page', import.meta.url))
const server = await startPageServer(folder)
try {
  for (const durability of ['strict', 'relaxed'] as const) {
    if (values.durability !== 'both' && values.durability !== durability) continue
    const rounds = await runCrashRounds({
      browser: toBrowserName(values.browser),
      pageUrl: server.url,
      durability,
      rounds: Number(values.rounds),
      seed: Number(values.seed),
      onRound: ({ round, acknowledged, lost, oldestLostMs, tookInFlight }) =>
        console.log(
          `${durability} ${round}: ${acknowledged} acknowledged, ${lost} lost${lost > 0 ? `, the oldest ${oldestLostMs} ms old` : ''}${tookInFlight ? ', one more kept' : ''}`,
        ),
    })
    const sum = (key: 'acknowledged' | 'lost') => rounds.reduce((total, round) => total + round[key], 0)
    console.log(
      `${values.browser} ${durability}: ${rounds.length} kills, ${sum('acknowledged')} acknowledged changes, ${sum('lost')} lost, at most ` +
        `${Math.max(0, ...rounds.map(({ lost }) => lost))} in one kill, the oldest ${Math.max(0, ...rounds.map(({ oldestLostMs }) => oldestLostMs))} ms old.`,
    )
  }
} finally {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}
