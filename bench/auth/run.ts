/** `npm run bench:auth`: session checks at the database layer and over HTTP, beside Better Auth's other adapters. */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { createAuthDatabase } from '@typyst/db/auth'
import { startPostgresServer } from '../../tests/support/postgres-server.ts'
import { contenderNames } from './contenders.ts'
import { measureHttp } from './measure-http.ts'
import type { HttpFigure } from './measure-http.ts'
import { measureSessionCheck } from './measure-session-check.ts'
import { explainSessionCheck, generateSessions } from './sessions.ts'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000,100000' },
    checks: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '3' },
    http: { type: 'boolean', default: true },
    soak: { type: 'string', default: '0' },
  },
  allowNegative: true,
})

await using server = await startPostgresServer()
{
  await using authDb = createAuthDatabase({ connectionString: server.url })
  await authDb.migrate()
}
console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform}\n`)

const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
let present = 0
for (const count of values.sessions.split(',').filter(Boolean).map(Number)) {
  await generateSessions(sql, present + 1, count)
  present = count
  const tokens = Array.from({ length: Number(values.checks) }, () => `token-${1 + Math.floor(Math.random() * count)}`)
  const figures = await measureSessionCheck(server.url, tokens)
  const rawMs = figures[0]?.medianMs ?? Number.NaN
  console.log(`Session check, ${count.toLocaleString('en')} sessions\n`)
  console.log('| | median | p99 | beside raw | queries |\n| --- | --- | --- | --- | --- |')
  for (const { way, medianMs, p99Ms, queries = '' } of figures) {
    const times = (medianMs / rawMs).toFixed(2)
    console.log(`| ${way} | ${medianMs.toFixed(3)} ms | ${p99Ms.toFixed(3)} ms | ${times} × | ${queries} |`)
  }
  console.log(`\n${await explainSessionCheck(sql, `token-${count}`)}\n`)
}
await sql.end()

if (values.http) {
  console.log(
    'Over HTTP\n\n| | | clients | requests/s | p50 | p99 | errors |\n| --- | --- | --- | --- | --- | --- | --- |',
  )
  for (const contender of contenderNames) {
    for (const figure of await measureHttp(contender, server.url, [1, 16, 64], Number(values.seconds))) {
      console.log(row(contender, figure))
    }
  }
}

const soakMinutes = Number(values.soak)
if (soakMinutes > 0) {
  console.log(`\nSession checks at concurrency 64 for ${soakMinutes} min, the server restarted twice\n`)
  console.table(await soak(server, soakMinutes))
}

function row(
  contender: string,
  { operation, concurrency, requestsPerSecond, p50Ms, p99Ms, errors }: HttpFigure,
): string {
  return `| ${contender} | ${operation} | ${concurrency} | ${requestsPerSecond.toFixed(0)} | ${p50Ms} ms | ${p99Ms} ms | ${errors} |`
}
