/** `npm run test:engine [-- queries seed]`: a hundred thousand queries on an embedded engine that is broken and reopened. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAppDatabase } from '../../src/app/index.ts'
import { runEngineStorm } from './engine-storm.ts'

const [queries = 100_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)

const unhandled: unknown[] = []
process.on('unhandledRejection', (cause) => unhandled.push(cause))
process.on('uncaughtException', (cause) => unhandled.push(cause))

const folder = await mkdtemp(join(tmpdir(), 'typyst-storm-'))
try {
  const startedAt = performance.now()
  const report = await runEngineStorm({
    open: () => createAppDatabase({ dataDir: join(folder, 'data') }),
    seed,
    queries,
    breaks: Math.ceil(queries / 5000),
    reopenings: Math.ceil(queries / 10_000),
  })
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  console.log({
    seed,
    seconds,
    ...report,
    wrong: report.wrong.slice(0, 20),
    wrongCount: report.wrong.length,
    unhandled,
  })
  if (report.wrong.length > 0 || report.hung > 0 || unhandled.length > 0) process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
