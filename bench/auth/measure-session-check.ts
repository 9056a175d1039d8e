/** The session check at the database layer: the adapter's call as Better Auth makes it, beside one prepared statement. */
import { betterAuth } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { createAuthDatabase } from '@typyst/db/auth'
import { authSchema } from '@typyst/db/schema/auth'
import { median } from '../browser/median.ts'
import { commonOptions } from './contenders.ts'

/** One statement prepared by postgres.js; the same on `authDb.sql`; Better Auth's call on our adapter, and on the bare one. */
const wayNames = ['raw', 'typyst-sql', 'typyst', 'drizzle'] as const

type Way = (typeof wayNames)[number]

/** Latencies of one way, in milliseconds: medians over the rounds. */
export interface SessionCheckFigure {
  readonly way: Way
  readonly medianMs: number
  readonly p99Ms: number
  /** The median of the rounds' own ratios to the statement prepared by hand. */
  readonly besideRaw: number
  /** How many queries one check takes, where it was counted. */
  readonly queries: number | undefined
}

const rawStatement = `select s.id, s.expires_at, s.token, s.created_at, s.updated_at, s.ip_address, s.user_agent, s.user_id,
  u.id as owner_id, u.name, u.email, u.email_verified, u.image, u.created_at as owner_created_at, u.updated_at as owner_updated_at
  from session s join "user" u on u.id = s.user_id where s.token = $1`

/** Finds a session and its user. */
type Check = (token: string) => PromiseLike<unknown>

/**
 * Measures all ways, one call at a time on one connection each. A way makes all checks of a round at once, as an app does that
 * uses it, and each round begins with another way.
 *
 * @param drawToken - A token for each check.
 * @param checks - How many each way makes in each round. A round more, which does not count, is to warm up.
 */
export async function measureSessionCheck(
  url: string,
  drawToken: () => string,
  rounds: number,
  checks: number,
): Promise<SessionCheckFigure[]> {
  const measured: Record<Way, RoundFigure[]> = { raw: [], 'typyst-sql': [], typyst: [], drizzle: [] }
  await withWays(url, async (ways) => {
    for (let round = 0; round <= rounds; round += 1) {
      const first = round % wayNames.length
      for (const way of [...wayNames.slice(first), ...wayNames.slice(0, first)]) {
        const figure = await measureRound(ways[way], drawToken, checks)
        if (round > 0) measured[way].push(figure)
      }
    }
  })
  const queries = await countQueries(url, drawToken())
  return wayNames.map((way) => ({
    way,
    medianMs: median(measured[way].map(({ medianMs }) => medianMs)),
    p99Ms: median(measured[way].map(({ p99Ms }) => p99Ms)),
    besideRaw: median(measured[way].map(({ medianMs }, round) => medianMs / (measured.raw[round]?.medianMs ?? 0))),
    queries: way === 'typyst' ? queries : undefined,
  }))
}

type RoundFigure = Pick<SessionCheckFigure, 'medianMs' | 'p99Ms'>

async function measureRound(check: Check, drawToken: () => string, checks: number): Promise<RoundFigure> {
  const latencies: number[] = []
  for (let number = 0; number < checks; number += 1) {
    const token = drawToken()
    const startedAt = performance.now()
    const found = await check(token)
    latencies.push(performance.now() - startedAt)
    if (!found) throw new Error('The session is not there.')
  }
  return {
    medianMs: median(latencies),
    p99Ms: latencies.toSorted((left, right) => left - right)[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
  }
}

/** Connects all ways, and lets go of them. */
async function withWays(url: string, use: (ways: Record<Way, Check>) => Promise<void>): Promise<void> {
  const raw = postgres(url, { max: 1 })
  const bare = postgres(url, { max: 1 })
  await using authDb = createAuthDatabase({ connectionString: url, maxConnections: 1 })
  const db = drizzle(bare, { schema: authSchema })
  await use({
    raw: async (token) => (await raw.unsafe(rawStatement, [token], { prepare: true }))[0],
    'typyst-sql': async (token) => (await authDb.sql.unsafe(rawStatement, [token]))[0],
    typyst: await asBetterAuthDoes(authDb.adapter),
    drizzle: await asBetterAuthDoes(drizzleAdapter(db, { provider: 'pg', schema: authSchema, transaction: true })),
  })
  await Promise.all([raw.end(), bare.end()])
}

async function asBetterAuthDoes(database: ReturnType<typeof drizzleAdapter>): Promise<Check> {
  const { adapter } = await betterAuth({ ...commonOptions, baseURL: 'http://localhost', database }).$context
  return (token) =>
    adapter.findOne({ model: 'session', where: [{ field: 'token', value: token }], join: { user: true } })
}

async function countQueries(url: string, token: string): Promise<number> {
  let queries = 0
  await using counted = createAuthDatabase({ connectionString: url, maxConnections: 1, onQuery: () => (queries += 1) })
  const check = await asBetterAuthDoes(counted.adapter)
  await check(token)
  return queries
}
