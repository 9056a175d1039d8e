/** A few rounds of the crash suite; `npm run test:crash` runs hundreds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { browserName } from '../support/test-page.ts'
import { buildPage } from '../support/build-page.ts'
import { startPageServer } from '../support/page-server.ts'
import { runCrashRounds } from './crash-rounds.ts'
import { isLong } from '../support/rounds.ts'

let pageUrl: string

// Another browser takes its time to start again.
const rounds = isLong ? 10 : browserName() === 'chromium' ? 2 : 1

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-crash-page-'))
  await buildPage(folder, new URL('page', import.meta.url))
  const server = await startPageServer(folder)
  pageUrl = server.url
  return async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
})

test('keeps every acknowledged change when the browser is killed, and no half transaction', async () => {
  const done = await runCrashRounds({
    browser: browserName(),
    pageUrl,
    durability: 'strict',
    rounds,
    seed: 20_260,
  })
  expect(done.map(({ lost }) => lost)).toEqual(Array<number>(rounds).fill(0))
})

/** Starting another browser again takes half a minute. */
const unlessChromiumLong = browserName() === 'chromium' ? {} : { tags: 'long' }

test(
  'relaxed: keeps what was flushed, and a state that existed, when the browser is killed',
  unlessChromiumLong,
  async () => {
    expect(
      await runCrashRounds({ browser: browserName(), pageUrl, durability: 'relaxed', rounds, seed: 20_261 }),
    ).toHaveLength(rounds)
  },
)
