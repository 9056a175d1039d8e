/** The session check at the database layer: the adapter's call as Better Auth makes it, beside one prepared statement. */
import { betterAuth } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { createAuthDatabase } from '@typyst/db/auth'
import { authSchema } from '@typyst/db/schema/auth'
import { commonOptions } from './contenders.ts'

/** One statement prepared by postgres.js; the same on `authDb.sql`; Better Auth's call on our adapter, and on the bare one. */
const wayNames = ['raw', 'typyst-sql', 'typyst', 'drizzle'] as const

type Way = (typeof wayNames)[number]

/** Latencies of one way, in milliseconds. */
export interface SessionCheckFigure {
  readonly way: Way
  readonly medianMs: number
  readonly p99Ms: number
  /** How many queries one check takes, where it was counted. */
  readonly queries: number | undefined
}

const rawStatement = `select s.id, s.expires_at, s.token, s.created_at, s.updated_at, s.ip_address, s.user_agent, s.user_id,
  u.id as owner_id, u.name, u.email, u.email_verified, u.image, u.created_at as owner_created_at, u.updated_at as owner_updated_at
  from session s join "user" u on u.id = s.user_id where s.token = $1`

/** Measures all ways in turns, one call at a time on one connection each. */
export async function measureSessionCheck(url: string, tokens: readonly string[]): Promise<SessionCheckFigure[]> {
  let queries = 0
  const raw = postgres(url, { max: 1 })
  const bare = postgres(url, { max: 1 })
  await using authDb = createAuthDatabase({ connectionString: url, maxConnections: 1 })
  await using counted = createAuthDatabase({ connectionString: url, maxConnections: 1, onQuery: () => (queries += 1) })
  const db = drizzle(bare, { schema: authSchema })
  const find = async (database: typeof authDb.adapter) => {
    const { adapter } = await betterAuth({ ...commonOptions, baseURL: 'http://localhost', database }).$context
    return (token: string) =>
      adapter.findOne({ model: 'session', where: [{ field: 'token', value: token }], join: { user: true } })
  }
  const ways = {
    raw: (token: string) => raw.unsafe(rawStatement, [token], { prepare: true }),
    'typyst-sql': async (token: string) => (await authDb.sql.unsafe(rawStatement, [token]))[0],
    typyst: await find(authDb.adapter),
    drizzle: await find(drizzleAdapter(db, { provider: 'pg', schema: authSchema, transaction: true })),
  }
  await (
    await find(counted.adapter)
  )(tokens[0] ?? '')
  const latencies: Record<Way, number[]> = { raw: [], 'typyst-sql': [], typyst: [], drizzle: [] }
  for (const [index, token] of tokens.entries()) {
    for (const way of wayNames) {
      const startedAt = performance.now()
      const found: unknown = await ways[way](token)
      // The first tenth is for warming up.
      if (index > tokens.length / 10) latencies[way].push(performance.now() - startedAt)
      if (!found) throw new Error('The session is not there.')
    }
  }
  await Promise.all([raw.end(), bare.end()])
  return wayNames.map((way) => {
    const sorted = latencies[way].toSorted((left, right) => left - right)
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
    return { way, medianMs: at(0.5), p99Ms: at(0.99), queries: way === 'typyst' ? queries : undefined }
  })
}
