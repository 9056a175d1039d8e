/** Queries that each return a number of their own, through a proxy that disturbs them, and what became of each. */
import postgres from 'postgres'
import { createPostgresConnection } from '../../src/auth/connection/postgres-connection.ts'
import { resolvePostgres } from '../../src/auth/connection/postgres-target.ts'
import { isTypystDbError } from '../../src/errors.ts'
import type { SqlExecutor } from '../../src/internal/sql-connection.ts'
import type { PostgresServer } from '../support/postgres-server.ts'
import { createRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { startWireProxy } from './wire-proxy.ts'
import type { Fault } from './wire-proxy.ts'

/** What to do. */
export interface StormOptions {
  readonly server: PostgresServer
  readonly seed: number
  /** How many queries to send. */
  readonly queries: number
  /** How often the server is restarted in the course of it. */
  readonly restarts: number
  /** How many messages one fault comes to. */
  readonly oneBadIn?: number
}

/** What became of the queries. */
export interface StormReport {
  readonly queries: number
  /** Answers that were right, and errors that had to come. */
  readonly right: number
  /** Errors with a code, by code. */
  readonly failed: Readonly<Record<string, number>>
  /** What must not be. */
  readonly wrong: readonly string[]
  /** Calls that were not settled after every timeout together. */
  readonly hung: number
  readonly faults: Readonly<Record<Fault, number>>
}

const timeouts = {
  statementTimeoutMs: 500,
  responseTimeoutMs: 1500,
  connectTimeoutMs: 1500,
  acquireTimeoutMs: 5000,
  closeTimeoutMs: 1000,
}

/** Each connection has some fifty statements under way. */
const maxConnections = 4
const callers = 200

/** All timeouts that a call can meet one after the other, and as much again for a machine that is busy. */
const settledAfterMs = 2 * Object.values(timeouts).reduce((sum, timeoutMs) => sum + timeoutMs, 0)

/** Runs one. Its pool is closed afterwards, and the server is left running. */
export async function runStorm({
  server,
  seed,
  queries,
  restarts,
  oneBadIn = 600,
}: StormOptions): Promise<StormReport> {
  const random = createRandom(seed)
  await using proxy = await startWireProxy(server.port, random)
  const url = new URL(server.url)
  url.port = String(proxy.port)
  url.searchParams.set('application_name', 'storm')
  const opened = createPostgresConnection(resolvePostgres(url.href, { maxConnections, ...timeouts }))
  const admin = postgres(server.url, { max: 1, onnotice: () => undefined, connect_timeout: 5 })
  await admin`create table if not exists number (n int)`
  // The server runs without synchronous commits: a crash must not take the table along.
  await admin`checkpoint`

  const failed: Record<string, number> = {}
  const wrong: string[] = []
  let sent = 0
  let right = 0
  let hung = 0

  let reached: { readonly count: number; readonly resolve: () => void } | undefined
  const reach = (count: number) =>
    new Promise<void>((resolve) => {
      if (sent >= count) resolve()
      else reached = { count, resolve }
    })
  const ask = async (kind: Ask, executor: SqlExecutor): Promise<void> => {
    sent += 1
    if (reached && sent >= reached.count) reached.resolve()
    const { expected, got } = kind(executor, sent * 100, random)
    const answer = await outcome(got, () => {
      hung += 1
    })
    if (answer === hangs) return
    if (answer instanceof Error) {
      if (!isTypystDbError(answer)) wrong.push(`an error without a code: ${String(answer)}`)
      else if (expected === answer.sqlState || expected === answer.code) right += 1
      else failed[answer.code] = (failed[answer.code] ?? 0) + 1
      throw answer
    }
    if (JSON.stringify(answer) === JSON.stringify(expected)) right += 1
    else wrong.push(`${kind.name}: ${JSON.stringify(answer)} instead of ${JSON.stringify(expected)}`)
  }
  const inTransaction = () =>
    opened.connection.transaction(async (tx) => {
      for (let statements = 1 + random(4); statements > 0; statements -= 1) await ask(pick(asks, random), tx)
    })
  /** Without errors of the statements' own; see the proxy. */
  let hasErrors = true
  const caller = async () => {
    while (sent < queries) {
      const kind = pick(hasErrors ? [...asks, ...failing] : asks, random)
      const call = random(12) === 0 ? inTransaction() : ask(kind, opened.connection)
      const ended = await outcome(call, () => {
        hung += 1
      })
      if (ended instanceof Error && !isTypystDbError(ended)) wrong.push(`an error without a code: ${String(ended)}`)
    }
  }
  const trouble = createTrouble(server, admin, random)
  const rounds = Math.max(1, restarts) * 2
  const load = Array.from({ length: callers }, caller)
  for (let round = 0; round < rounds; round += 1) {
    hasErrors = round % 2 === 0
    // What was sent with errors of its own is answered before they may count for what is dropped.
    proxy.disturb({ oneBadIn, oneLateIn: 200, hasErrors: true })
    if (!hasErrors) await settleFailing()
    proxy.disturb({ oneBadIn, oneLateIn: 200, hasErrors })
    while (sent < (queries * (round + 0.9)) / rounds) {
      await reach(Math.min(sent + 500, queries))
      if (hasErrors) await trouble.once()
    }
    if (hasErrors && restarts > 0) await trouble.restart()
    await reach((queries * (round + 1)) / rounds)
  }
  await Promise.all(load)
  proxy.disturb(undefined)
  await admin.end({ timeout: 5 })
  await findHealthy()
  const { busy = 0, waiting = 0 } = opened.status?.() ?? {}
  if (busy + waiting > 0) wrong.push(`${busy} connections are in use and ${waiting} calls wait after the storm`)
  await opened.close()
  return { queries: sent, right, failed, wrong, hung, faults: proxy.counts }

  async function settleFailing(): Promise<void> {
    await reach(Math.min(queries, sent + 2 * callers))
  }

  /** The connections that the storm has damaged are found by use; then all must be well. */
  async function findHealthy(): Promise<void> {
    const once = () =>
      Promise.allSettled(Array.from({ length: callers }, () => opened.connection.query('select 1 as n')))
    await once()
    await once()
    for (const result of await once()) {
      if (result.status === 'rejected') wrong.push(`not healthy after the storm: ${String(result.reason)}`)
      else if (result.value.rows[0]?.['n'] !== 1) wrong.push('a wrong answer after the storm')
    }
  }
}

/** Sends a query; what it must come to is its number or its rows, or the code of an error. */
type Ask = (
  executor: SqlExecutor,
  n: number,
  random: Random,
) => { readonly expected: unknown; readonly got: Promise<unknown> }

const numbers = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index)

const ns = async (result: ReturnType<SqlExecutor['query']>) => (await result).rows.map((row) => row['n'])

const asks: readonly Ask[] = [
  function plain(executor, n) {
    return { expected: [n], got: ns(executor.query(`select ${n} as n`)) }
  },
  function prepared(executor, n) {
    return { expected: [n], got: ns(executor.query('select $1::int as n', [n])) }
  },
  function preparedText(executor, n) {
    return {
      expected: [String(n)],
      got: ns(executor.query('select $1::text as n, $2::text as filler', [String(n), 'é'])),
    }
  },
  function array(executor, n) {
    return { expected: [[n, n]], got: executor.queryArrays('select $1::int, $1::int', [n]).then(({ rows }) => rows) }
  },
  function rows(executor, n, random) {
    const count = 2 + random(40)
    const text = 'select n from generate_series($1::int, $2::int) as n'
    return { expected: numbers(n, count), got: ns(executor.query(text, [n, n + count - 1])) }
  },
  function plainRows(executor, n, random) {
    const count = random(4)
    return {
      expected: numbers(n, count),
      got: ns(executor.query(`select n from generate_series(${n}, ${n + count - 1}) as n`)),
    }
  },
  function large(executor, n) {
    const text = `select $1::int as n, repeat('x', 20000) as filler`
    return { expected: [n], got: ns(executor.query(text, [n])) }
  },
  function insert(executor, n) {
    return {
      expected: [n, n + 1],
      got: ns(executor.query('insert into number values ($1), ($2) returning n', [n, n + 1])),
    }
  },
  function count(executor, n) {
    const text = 'insert into number select n from generate_series(1, $1::int) as n'
    return { expected: (n / 100) % 7, got: executor.query(text, [(n / 100) % 7]).then(({ rowCount }) => rowCount) }
  },
  function exec(executor, n) {
    return {
      expected: 'done',
      got: executor.exec(`select ${n}; select ${n} from generate_series(1, 3)`).then(() => 'done'),
    }
  },
]

const bombs: readonly (() => unknown)[] = [
  () => ({
    toString() {
      throw new Error('a bomb')
    },
  }),
  () => Symbol('a bomb'),
  () => {
    const circle: Record<string, unknown> = {}
    circle['circle'] = circle
    return circle
  },
  () => new Date(Number.NaN),
  () => [[Symbol('a bomb')]],
  () => undefined,
  () => ({ toString: 1 }),
  () => () => 1,
]

/** Statements that have to fail; what comes instead of their errors is wrong. */
const failing: readonly Ask[] = [
  function errorMidway(executor, n) {
    const text = 'select 1000 / (n - $2::int) as n from generate_series($1::int, $2::int) as n'
    return { expected: '22012', got: ns(executor.query(text, [n, n + 20])) }
  },
  function error(executor, n) {
    return { expected: '22P02', got: ns(executor.query(`select ${n} as n, 'x'::text::int`)) }
  },
  function bomb(executor, n, random) {
    return {
      expected: 'INVALID_INPUT',
      got: ns(executor.query('select $1::int as n, $2::text', [n, pick(bombs, random)()])),
    }
  },
  function timeout(executor, n, random) {
    // Few, because everything behind one waits.
    if (random(40) > 0) return { expected: '22012', got: ns(executor.query(`select ${n} / 0 as n`)) }
    return { expected: '57014', got: ns(executor.query(`select ${n} as n from pg_sleep(5)`)) }
  },
]

/** What happens to the server beside the wire. */
function createTrouble(server: PostgresServer, admin: postgres.Sql, random: Random) {
  return {
    /** Cancels what runs, or ends sessions, of which there may be none at the moment. */
    async once() {
      const text = random(4) === 0 ? 'pg_terminate_backend' : 'pg_cancel_backend'
      await admin
        .unsafe(`select ${text}(pid) from pg_stat_activity where application_name = 'storm' limit ${1 + random(3)}`)
        .catch(() => undefined)
    },
    async restart() {
      await server.stop(random(2) ? 'immediate' : 'fast')
      await server.restart()
    },
  }
}

/** What a call comes to that is not settled in time. */
const hangs = Symbol('hangs')

/** What a call came to: its result, its error, or {@link hangs}. */
async function outcome(call: Promise<unknown>, onHang: () => void): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<unknown>((resolve) => {
    timer = setTimeout(() => {
      onHang()
      resolve(hangs)
    }, settledAfterMs)
  })
  try {
    return await Promise.race([call, late])
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(`Not an error: ${String(cause)}`)
  } finally {
    clearTimeout(timer)
  }
}

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[random(items.length)]
  if (item === undefined) throw new Error('There is nothing to pick from.')
  return item
}
