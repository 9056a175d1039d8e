/**
 * Tells a statement that takes long from a server that is gone. A migration may build an index for hours, so that its silence
 * says nothing; a second connection asks the server about the session meanwhile.
 */
import { toDatabaseError } from '../../internal/database-error.ts'
import { createPostgresClient } from './postgres-client.ts'
import type { Client } from './postgres-client.ts'
import type { PostgresTarget } from './postgres-target.ts'

/** Looks after one session. */
export interface SessionWatch {
  /** Learns which session it is; until then it is not known to work. */
  identify(session: Pick<Client, 'unsafe'>): Promise<void>
  /** Whether there is still hope for an answer that has not come. */
  mayAnswer(): Promise<boolean>
}

/** How many questions in a row go without a sign of the session before it is given up: a network may fail for a minute. */
const maxMisses = 3

/** What the server knows of a session, and when the server started, by which it is told from another one. */
const identity = 'select pg_backend_pid() as pid, pg_postmaster_start_time()::text as started'
const look = `select pg_postmaster_start_time()::text as started,
  (select coalesce(state, 'active') from pg_stat_activity where pid = $1) as state`

/** What one question came to; `unknown` where it reached nobody who could tell. */
type Sign = 'works' | 'missing' | 'unknown'

/** A session of a server. */
interface Session {
  readonly pid: number
  readonly started: unknown
  /** Whether a pooler stands in front, which gives its clients numbers of its own. */
  readonly isPooled: boolean
}

/** Codes of a server that says nothing, or of a way to it that is cut; not those of what went wrong on this machine. */
const silence = /^(CONNECT|RESPONSE_TIMEOUT|ECONN|EHOST|ENET|ETIMEDOUT)/

/**
 * Watches a session on a server. Nothing is connected before the session has been silent.
 *
 * @param target - Where the session is; `connectTimeoutMs` is also how long the answer to a question may take.
 */
export function watchSession(target: PostgresTarget): SessionWatch {
  let session: Session | undefined
  let misses = 0
  return {
    async identify(client) {
      const result = await client.unsafe(identity)
      const pid = Number(result[0]?.['pid'])
      session = { pid, started: result[0]?.['started'], isPooled: result.state.pid !== pid }
    },
    async mayAnswer() {
      if (!session) return false
      const sign = await ask(target, session)
      if (sign === 'works') misses = 0
      if (sign === 'missing') misses += 1
      return misses < maxMisses
    },
  }
}

async function ask(target: PostgresTarget, { pid, started, isPooled }: Session): Promise<Sign> {
  const once = { ...target, maxConnections: 1, responseTimeoutMs: target.connectTimeoutMs }
  const { sql } = createPostgresClient(once)
  try {
    const [row] = await sql.unsafe(look, [pid])
    // One of several servers behind the same name.
    if (row?.['started'] !== started) return 'unknown'
    const state: unknown = row?.['state']
    // A session that waits for its client has said all that it had to say.
    return typeof state === 'string' && !state.startsWith('idle') ? 'works' : 'missing'
  } catch (thrown) {
    // A server that says no is there: it may have no connection to spare, or wait for its sessions to end.
    if (toDatabaseError(thrown).sqlState !== undefined) return 'works'
    const code = codeOf(thrown)
    // A pooler takes everybody in, and lets them wait for a connection to the server.
    if (isPooled && code === 'RESPONSE_TIMEOUT') return 'unknown'
    return silence.test(code) ? 'missing' : 'unknown'
  } finally {
    await sql.end({ timeout: 0 })
  }
}

/** The code of a driver's error. */
function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}
