/** A few rounds of the crash suite; `npm run test:crash` runs hundreds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { browserName } from '../support/test-page.ts'
import { buildPage } from '../support/build-page.ts'
import { startPageServer } from '../support/page-server.ts'
import { runCrashRounds } from './crash-rounds.ts'

let pageUrl: string

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
  const rounds = await runCrashRounds({
    browser: browserName(),
    pageUrl,
    durability: 'strict',
    rounds: 3,
    seed: 20_260,
  })
  expect(rounds.map(({ lost }) => lost)).toEqual([0, 0, 0])
})

test('relaxed: keeps what was flushed, and a state that existed, when the browser is killed', async () => {
  expect(
    await runCrashRounds({ browser: browserName(), pageUrl, durability: 'relaxed', rounds: 3, seed: 20_261 }),
  ).toHaveLength(3)
})
