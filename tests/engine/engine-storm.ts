/** Queries by the thousand on one embedded engine, fifty at once, in every form, among everything that may break it. */
import { protocol } from '@electric-sql/pglite'
import { sql } from 'drizzle-orm'
import { isTypystDbError } from '../../src/errors.ts'
import type { AppDatabase } from '../../src/app/index.ts'
import { createRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'

/** What a storm is made of. */
export interface StormOptions {
  /** Opens the database, again after it was closed; what it stored must be there. */
  readonly open: () => AppDatabase
  readonly seed: number
  readonly queries: number
  /** How often the engine is brought to its end, and how often the database is closed and opened. */
  readonly breaks: number
  readonly reopenings: number
}

/** What came of it. */
export interface StormReport {
  answered: number
  /** Failures by their code. */
  readonly failed: Record<string, number>
  /** Answers that were another's, rows that were lost or made up, and errors without a code. */
  readonly wrong: string[]
  hung: number
}

const atOnce = 50

/** Longer than anything takes, a reopening on a busy machine included. */
const hangMs = 120_000

/** Runs a storm. */
export async function runEngineStorm({ open, seed, queries, breaks, reopenings }: StormOptions): Promise<StormReport> {
  const random = createRandom(seed)
  const report: StormReport = { answered: 0, failed: {}, wrong: [], hung: 0 }
  const written = new Map<number, 'stored' | 'maybe'>()
  let app = open()
  await app.pgClient.exec(
    `create table storm (id int primary key, extra int);
     create function endless(n int) returns int language plpgsql as $$
       begin if n = 1 then perform set_config('max_stack_depth', '7MB', false); end if; return endless(n + 1) + 1; end $$`,
  )
  const rounds = Math.ceil(queries / atOnce)
  const isAmong = (round: number, times: number) =>
    times > 0 && round % Math.ceil(rounds / times) === Math.ceil(rounds / times) - 1
  for (let round = 0; round < rounds; round += 1) {
    const jobs = Array.from({ length: atOnce }, (_, at) => round * atOnce + at + 1).map((number) => {
      const job = jobKinds[random(jobKinds.length)] ?? askPlainly
      return settle(number, () => job({ app, number, random, written }))
    })
    const breaking = isAmong(round, breaks) ? [settle(0, () => breakEngine(app))] : []
    await Promise.all([...jobs, ...breaking])
    if (isAmong(round, reopenings)) {
      await app.close()
      app = open()
    }
  }
  await compare()
  await app.close()
  return report

  async function settle(number: number, run: () => Promise<void>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const hang = new Promise<'hung'>((resolve) => (timer = setTimeout(() => resolve('hung'), hangMs)))
    try {
      if ((await Promise.race([run(), hang])) === 'hung') report.hung += 1
      else report.answered += 1
    } catch (cause) {
      if (cause instanceof WrongAnswer) report.wrong.push(`${String(number)}: ${cause.message}`)
      else if (isTypystDbError(cause)) report.failed[cause.code] = (report.failed[cause.code] ?? 0) + 1
      else report.wrong.push(`${String(number)}: ${String(cause)}`)
    } finally {
      clearTimeout(timer)
    }
  }

  async function compare(): Promise<void> {
    const { rows } = await app.pgClient.query<{ id: number }>('select id from storm')
    const found = new Set(rows.map(({ id }) => id))
    for (const [id, state] of written)
      if (state === 'stored' && !found.has(id)) report.wrong.push(`row ${String(id)} is lost`)
    for (const id of found) if (!written.has(id)) report.wrong.push(`row ${String(id)} was undone`)
  }
}

class WrongAnswer extends Error {}

interface Work {
  readonly app: AppDatabase
  readonly number: number
  readonly random: Random
  readonly written: Map<number, 'stored' | 'maybe'>
}
type Job = (work: Work) => Promise<void>

function expectAnswer(answer: unknown, number: number): void {
  if (answer !== number) throw new WrongAnswer(`asked for ${String(number)}, got ${String(answer)}`)
}

/** A failure that has to come; any other outcome than one with a code is wrong. */
async function expectFailure(attempt: Promise<unknown>, codes: readonly string[]): Promise<void> {
  try {
    await attempt
  } catch (cause) {
    if (isTypystDbError(cause) && ([...codes, 'ENGINE_FAILED'] as string[]).includes(cause.code)) return
    throw cause
  }
  throw new WrongAnswer('did not fail')
}

/** Notes a row before it is sent: when that fails without a doubt it is not there, otherwise it may be. */
async function writing({ number, written }: Work, write: () => Promise<unknown>): Promise<void> {
  written.set(number, 'maybe')
  try {
    await write()
    written.set(number, 'stored')
  } catch (cause) {
    if (!isTypystDbError(cause) || cause.code !== 'ENGINE_FAILED') written.delete(number)
    throw cause
  }
}

const askPlainly: Job = async ({ app, number }) => {
  const { rows } = await app.pgClient.query<{ n: number }>('select $1::int as n', [number])
  expectAnswer(rows[0]?.n, number)
}
const askAnew: Job = async ({ app, number }) => {
  const { rows } = await app.db.execute<{ n: number }>(sql.raw(`select ${String(number)} as n`))
  expectAnswer(rows[0]?.['n'], number)
}
const askByExec: Job = async ({ app, number }) => {
  const results = await app.pgClient.exec(`select 1 as n; select ${String(number)} as n`)
  expectAnswer(results[1]?.rows[0]?.['n'], number)
}
const askByProtocol: Job = async ({ app, number }) => {
  const { messages } = await app.pgClient.execProtocol(protocol.serialize.query(`select ${String(number)} as n`))
  const row = messages.find(({ name }) => name === 'dataRow')
  expectAnswer(Number(row && 'fields' in row && Array.isArray(row.fields) ? row.fields[0] : undefined), number)
}
const askForMany: Job = async ({ app, number }) => {
  const { rows } = await app.db.execute<{ n: number }>(
    sql`select ${number}::int + i as n from generate_series(0, 99) as i`,
  )
  for (const [at, row] of rows.entries()) expectAnswer(row['n'], number + at)
  if (rows.length !== 100) throw new WrongAnswer(`${String(rows.length)} rows of 100`)
}
const failInTheMiddle: Job = ({ app, number }) =>
  expectFailure(
    app.db.execute(sql`select 1 / (${number}::int - i) as n from generate_series(1, ${number}::int) as i`),
    ['INVALID_INPUT'],
  )
const passBomb: Job = ({ app, random }) => {
  const bombs: unknown[] = [{ toString: 1 }, Symbol('bomb'), new Date(Number.NaN), undefined, () => 1, ['\0']]
  const bomb = bombs[random(bombs.length)]
  return expectFailure(app.db.execute(sql`select ${bomb}::text as n`), ['INVALID_INPUT', 'QUERY_FAILED'])
}
const insert: Job = (work) =>
  writing(work, () => work.app.db.execute(sql`insert into storm (id) values (${work.number})`))
const insertInTransaction: Job = (work) =>
  writing(work, () =>
    work.app.db.transaction(async (tx) => {
      await tx.execute(sql`insert into storm (id) values (${work.number})`)
      const { rows } = await tx.execute<{ n: number }>(sql`select ${work.number}::int as n`)
      expectAnswer(rows[0]?.['n'], work.number)
      await tx
        .transaction(async (inner) => {
          await inner.execute(sql`insert into storm (id) values (${-work.number})`)
          throw new Error('undone')
        })
        .catch((cause: unknown) => {
          if (isTypystDbError(cause)) throw cause
        })
    }),
  )
const undoTransaction: Job = async ({ app, number }) => {
  const undone = new Error('undone')
  const attempt = app.db.transaction(async (tx) => {
    await tx.execute(sql`insert into storm (id) values (${-number})`)
    throw undone
  })
  await attempt.catch((cause: unknown) => {
    if (cause !== undone) throw cause
  })
}
const leaveOpen: Job = ({ app, number }) =>
  expectFailure(app.pgClient.exec(`begin; insert into storm (id) values (${String(-number)})`), ['TRANSACTION_ABORTED'])
const changeTable: Job = async ({ app, random }) => {
  await app.pgClient.exec(
    random(2) === 0
      ? 'alter table storm alter column extra type bigint'
      : 'alter table storm alter column extra type int',
  )
}
const ownPlan: Job = async ({ app, number }) => {
  await app.pgClient.runExclusive(async () => {
    const { parse, bind, execute, sync } = protocol.serialize
    const message = Buffer.concat([
      parse({ text: 'select $1::int' }),
      bind({ values: [String(number)] }),
      execute({}),
      sync(),
    ])
    const { messages } = await app.pgClient.execProtocol(message)
    const row = messages.find(({ name }) => name === 'dataRow')
    expectAnswer(Number(row && 'fields' in row && Array.isArray(row.fields) ? row.fields[0] : undefined), number)
  })
}

async function breakEngine(app: AppDatabase): Promise<void> {
  await expectFailure(app.pgClient.query('select endless(1)'), ['ENGINE_FAILED'])
}

/** What comes often stands often. */
const jobKinds: readonly Job[] = [
  askPlainly,
  askPlainly,
  askPlainly,
  askAnew,
  askByExec,
  askByProtocol,
  askForMany,
  failInTheMiddle,
  passBomb,
  insert,
  insert,
  insertInTransaction,
  undoTransaction,
  leaveOpen,
  changeTable,
  ownPlan,
]
