/** Session checks for minutes at concurrency 64, with the server restarted twice: what fails, and whether connections leak. */
import { setTimeout as delay } from 'node:timers/promises'
import autocannon from 'autocannon'
import postgres from 'postgres'
import type { PostgresServer } from '../../tests/support/postgres-server.ts'
import { serveContender } from './serve-contender.ts'

/** What a soak came to. */
export interface SoakFigure {
  readonly answered: number
  /** Responses other than 200, and requests without a response. */
  readonly failed: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Sessions of the server in the last second of the load. */
  readonly connections: number
}

const concurrency = 64

/**
 * Puts load on our adapter.
 *
 * @param minutes - For how long; the server is restarted after a third and after two thirds of it.
 */
export async function soak(server: PostgresServer, minutes: number): Promise<SoakFigure> {
  await using served = await serveContender('typyst', server.url)
  const load = autocannon({
    url: served.base,
    connections: concurrency,
    duration: minutes * 60,
    requests: [{ path: '/api/auth/get-session', headers: { cookie: served.cookie } }],
  })
  for (let restart = 0; restart < 2; restart += 1) {
    await delay(minutes * 20_000)
    await server.restart()
  }
  await delay(minutes * 20_000 - 1000)
  const sql = postgres(server.url, { max: 1 })
  const rows = await sql`select from pg_stat_activity where application_name = '@typyst/db'`
  await sql.end()
  const { latency, errors, ...counts } = await load
  return {
    answered: counts['2xx'],
    failed: errors + counts.non2xx,
    p99Ms: latency.p99,
    maxMs: latency.max,
    connections: rows.length,
  }
}
