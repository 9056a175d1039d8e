/** Random operations of one lane, a sequence of its own rows, and what the database holds after each. */
import { createHash } from 'node:crypto'
import type { Random } from '../support/random.ts'

type Row = readonly (string | number)[]

/** One statement and the rows it has to give; a long text counts as its length. */
export interface Step {
  readonly sql: string
  readonly params: readonly (string | number)[]
  readonly expected: readonly Row[]
}

/** What a tab is told to do. All of it takes effect, or nothing. */
export interface Operation {
  /** `taken-back` is a transaction that its own code rolls back. */
  readonly kind: 'statement' | 'transaction' | 'taken-back'
  readonly steps: readonly Step[]
  /** The code it has to fail with. */
  readonly failsWith?: string | undefined
}

/** How it ended. */
export type OperationResult =
  | { readonly isDone: true; readonly results: readonly (readonly Row[])[] }
  | { readonly isDone: false; readonly code: string; readonly message: string }

/** All rows, in the order of their keys. */
export interface Contents {
  readonly work: readonly (readonly [lane: string, id: number, n: number, md5: string])[]
  readonly tally: readonly (readonly [lane: string, n: number])[]
}

/** What a lane has in the database. Changing it gives a new one: that before an operation may be needed again. */
export interface LaneModel {
  readonly lane: string
  readonly rows: ReadonlyMap<number, { readonly n: number; readonly word: string; readonly times: number }>
  /** How many transactions took effect. Counted in the database too, where one carried out twice shows. */
  readonly transactions: number
  /** Ids used so far; none is used twice. */
  readonly ids: number
}

/** An operation and the model after it. */
export interface Drawn {
  readonly operation: Operation
  readonly after: LaneModel
}

/** A lane that has nothing yet. */
export function emptyLane(lane: string): LaneModel {
  return { lane, rows: new Map(), transactions: 0, ids: 0 }
}

/** What the models say the database holds. */
export function contentsOf(models: readonly LaneModel[]): Contents {
  const byLane = models.toSorted((left, right) => (left.lane < right.lane ? -1 : 1))
  return {
    work: byLane.flatMap(({ lane, rows }) =>
      [...rows]
        .toSorted(([left], [right]) => left - right)
        .map(([id, { n, word, times }]) => [lane, id, n, md5(word.repeat(times))] as const),
    ),
    tally: byLane.flatMap(({ lane, transactions }) => (transactions > 0 ? [[lane, transactions] as const] : [])),
  }
}

/** Draws what a lane does next. */
export function drawOperation(model: LaneModel, random: Random): Drawn {
  const kind = random(100)
  if (kind < 15) return { operation: statement(readAll(model)), after: model }
  if (kind < 60) {
    const { step, after } = drawChange(model, random)
    return { operation: statement(step), after }
  }
  if (kind < 65) return drawViolation(model, random)
  const steps: Step[] = []
  let after = model
  for (let left = 1 + random(4); left > 0; left -= 1) {
    const drawn = drawChange(after, random)
    steps.push(drawn.step, ...(random(3) === 0 ? [readAll(drawn.after)] : []))
    after = drawn.after
  }
  // Half a transaction would show as a count that does not fit the rows.
  const transactions = after.transactions + 1
  steps.push({
    sql: 'insert into tally values ($1, 1) on conflict (lane) do update set n = tally.n + 1 returning n',
    params: [model.lane],
    expected: [[transactions]],
  })
  if (kind < 72) return { operation: { kind: 'taken-back', steps }, after: { ...model, ids: after.ids } }
  return { operation: { kind: 'transaction', steps }, after: { ...after, transactions } }
}

function statement(step: Step): Operation {
  return { kind: 'statement', steps: [step] }
}

function readAll({ lane, rows }: LaneModel): Step {
  const expected = [...rows].toSorted(([left], [right]) => left - right).map(([id, { n }]) => [id, n])
  return { sql: 'select id, n from work where lane = $1 order by id', params: [lane], expected }
}

/** A key that is taken: the error is the same wherever the engine is, and nothing changes. */
function drawViolation(model: LaneModel, random: Random): Drawn {
  const id = drawId(model, random)
  if (id === undefined) return { operation: statement(readAll(model)), after: model }
  const sql = "insert into work values ($1, $2, 0, '')"
  const step: Step = { sql, params: [model.lane, id], expected: [] }
  return { operation: { ...statement(step), failsWith: 'UNIQUE_VIOLATION' }, after: model }
}

function drawChange(model: LaneModel, random: Random): { readonly step: Step; readonly after: LaneModel } {
  const { lane } = model
  const rows = new Map(model.rows)
  const id = drawId(model, random)
  const row = id === undefined ? undefined : rows.get(id)
  const word = `note${random(1_000_000)} `
  // Now and then more than a leader keeps of an answer.
  const times = random(10) === 0 ? 10_000 : 1 + random(50)
  const kind = random(10)
  if (id === undefined || !row || kind < 4) {
    const ids = model.ids + 1
    rows.set(ids, { n: 0, word, times })
    const sql = 'insert into work values ($1, $2, 0, repeat($3, $4)) returning id, body'
    const expected = [[ids, shorten(word, times)]]
    return { step: { sql, params: [lane, ids, word, times], expected }, after: { ...model, rows, ids } }
  }
  if (kind < 8) {
    const n = row.n + 1
    rows.set(id, { ...row, n })
    // Carried out twice, it counts two.
    const sql = 'update work set n = n + 1 where lane = $1 and id = $2 returning n, body'
    return {
      step: { sql, params: [lane, id], expected: [[n, shorten(row.word, row.times)]] },
      after: { ...model, rows },
    }
  }
  rows.delete(id)
  const sql = 'delete from work where lane = $1 and id = $2 returning n'
  return { step: { sql, params: [lane, id], expected: [[row.n]] }, after: { ...model, rows } }
}

function drawId({ rows }: LaneModel, random: Random): number | undefined {
  return [...rows.keys()][random(rows.size || 1)]
}

function shorten(word: string, times: number): string | number {
  const text = word.repeat(times)
  return text.length > 100 ? text.length : text
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
