/** `npm run bench:auth`: session checks at the database layer and over HTTP, beside Better Auth's other adapters. */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { createAuthDatabase } from '@typyst/db/auth'
import { startPostgresServer } from '../../tests/support/postgres-server.ts'
import type { PostgresServer } from '../../tests/support/postgres-server.ts'
import { contenderNames } from './contenders.ts'
import { measureHttp } from './measure-http.ts'
import { measureSessionCheck } from './measure-session-check.ts'
import { stayOnProcessor } from './processors.ts'
import { explainSessionCheck, generateSessions } from './sessions.ts'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000,100000' },
    rounds: { type: 'string', default: '10' },
    checks: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '3' },
    http: { type: 'boolean', default: true },
    soak: { type: 'string', default: '0' },
  },
  allowNegative: true,
})

console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform}\n`)

if (values.http) await askOverHttp(Number(values.seconds))
if (Number(values.soak) > 0) await soakFor(Number(values.soak))
// The last, as it stays on one processor.
const counts = values.sessions.split(',').filter(Boolean).map(Number)
if (counts.length > 0) await checkSessions(counts, Number(values.rounds), Number(values.checks))

async function checkSessions(counts: readonly number[], rounds: number, checks: number): Promise<void> {
  // Left to the system, a server process runs now beside its client and now elsewhere, which changes 0.2 ms by half.
  const arePlaced = stayOnProcessor(1)
  await using server = await startMigrated()
  if (!arePlaced || !stayOnProcessor(0)) console.log('Processors are left to the system: ratios vary.\n')
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
  let present = 0
  for (const count of counts) {
    await generateSessions(sql, present + 1, count)
    present = count
    const drawToken = () => `token-${1 + Math.floor(Math.random() * count)}`
    const figures = await measureSessionCheck(server.url, drawToken, rounds, checks)
    console.log(`Session check, ${count.toLocaleString('en')} sessions\n`)
    console.log('| | median | p99 | beside raw | queries |\n| --- | --- | --- | --- | --- |')
    for (const { way, medianMs, p99Ms, besideRaw, queries = '' } of figures) {
      const times = `${medianMs.toFixed(3)} ms | ${p99Ms.toFixed(3)} ms | ${besideRaw.toFixed(2)} ×`
      console.log(`| ${way} | ${times} | ${queries} |`)
    }
    console.log(`\n${await explainSessionCheck(sql, `token-${count}`)}\n`)
  }
  await sql.end()
}

async function askOverHttp(seconds: number): Promise<void> {
  await using server = await startMigrated()
  console.log('Over HTTP\n\n| | | clients | requests/s | p50 | p99 | errors |')
  console.log('| --- | --- | --- | --- | --- | --- | --- |')
  for (const contender of contenderNames) {
    for (const figure of await measureHttp(contender, server.url, [1, 16, 64], seconds)) {
      const { operation, concurrency, requestsPerSecond, p50Ms, p99Ms, errors } = figure
      const times = `${requestsPerSecond.toFixed(0)} | ${p50Ms} ms | ${p99Ms} ms`
      console.log(`| ${contender} | ${operation} | ${concurrency} | ${times} | ${errors} |`)
    }
  }
}

async function soakFor(minutes: number): Promise<void> {
  await using server = await startMigrated()
  console.log(`\nSession checks at concurrency 64 for ${minutes} min, the server restarted twice\n`)
  console.table(await soak(server, minutes))
}

async function startMigrated(): Promise<PostgresServer> {
  const server = await startPostgresServer()
  await using authDb = createAuthDatabase({ connectionString: server.url })
  await authDb.migrate()
  return server
}
