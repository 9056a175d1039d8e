/** `npm run test:wire [-- queries seed]`: a hundred thousand queries over a wire that cuts, drops, doubles and swaps. */
import { startPostgresServer } from '../support/postgres-server.ts'
import { runStorm } from './wire-storm.ts'

const [queries = 100_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)

const unhandled: unknown[] = []
process.on('unhandledRejection', (cause) => unhandled.push(cause))
process.on('uncaughtException', (cause) => unhandled.push(cause))

const server = await startPostgresServer()
try {
  const startedAt = performance.now()
  const report = await runStorm({ server, seed, queries, restarts: Math.ceil(queries / 10_000) })
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
  await server[Symbol.asyncDispose]()
}
