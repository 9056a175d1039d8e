/** A short round of the storm on the embedded engine; `npm run test:engine` runs a long one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createAppDatabase } from '../../src/app/index.ts'
import { runEngineStorm } from './engine-storm.ts'

it('gives each query its own answer, and keeps what it acknowledged, whatever happens beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-storm-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const report = await runEngineStorm({
    open: () => createAppDatabase({ dataDir: join(folder, 'data') }),
    seed: 18,
    queries: 1500,
    breaks: 2,
    reopenings: 1,
  })
  expect(report).toMatchObject({ wrong: [], hung: 0 })
  expect(report.answered).toBeGreaterThan(1000)
})
