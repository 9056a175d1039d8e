/** Random operations of one lane, a sequence of its own rows, and what the database gives and holds after each. */
import { createHash } from 'node:crypto'
import type { Random } from '../support/random.ts'

export type Row = readonly (string | number)[]

/** What a step does to the rows of its lane. */
type Effect =
  | { readonly type: 'read' }
  /** Fails where the id is taken. */
  | { readonly type: 'insert'; readonly id: number; readonly word: string; readonly times: number }
  | { readonly type: 'increment'; readonly id: number }
  | { readonly type: 'delete'; readonly id: number }
  /** Counts a transaction; half of one would show as a count that does not fit the rows. */
  | { readonly type: 'count' }

/** One statement; a long text it gives counts as its length. */
export interface Step {
  readonly sql: string
  readonly params: readonly (string | number)[]
  readonly effect: Effect
}

/** What a tab is told to do. All of it takes effect, or nothing. */
export interface Operation {
  /** `taken-back` is a transaction that its own code rolls back, `flush` stores what waits in relaxed mode. */
  readonly kind: 'statement' | 'transaction' | 'taken-back' | 'flush'
  readonly steps: readonly Step[]
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
}

/** What an operation comes to on a lane as a model has it. */
export interface Prediction {
  readonly results: readonly (readonly Row[])[]
  /** The code it has to fail with. */
  readonly failsWith: string | undefined
  readonly after: LaneModel
}

/** Ids are given once, also when what used one was lost. */
export type TakeId = () => number

/** A lane that has nothing yet. */
export function emptyLane(lane: string): LaneModel {
  return { lane, rows: new Map(), transactions: 0 }
}

/** What the models say the database holds. */
export function contentsOf(models: readonly LaneModel[]): Contents {
  const byLane = models.toSorted((left, right) => (left.lane < right.lane ? -1 : 1))
  return {
    work: byLane.flatMap(({ lane, rows }) =>
      byId(rows).map(([id, { n, word, times }]) => [lane, id, n, md5(word.repeat(times))] as const),
    ),
    tally: byLane.flatMap(({ lane, transactions }) => (transactions > 0 ? [[lane, transactions] as const] : [])),
  }
}

/** Carries out an operation on a model. */
export function predict(model: LaneModel, { kind, steps }: Operation): Prediction {
  const results: (readonly Row[])[] = []
  let after = model
  for (const { effect } of steps) {
    const taken = takeEffect(after, effect)
    // The error is the same wherever the engine is, and nothing changes.
    if (!taken) return { results: [], failsWith: 'UNIQUE_VIOLATION', after: model }
    results.push(taken.rows)
    after = taken.after
  }
  return { results, failsWith: undefined, after: kind === 'taken-back' ? model : after }
}

function takeEffect(model: LaneModel, effect: Effect): { readonly rows: Row[]; readonly after: LaneModel } | undefined {
  const rows = new Map(model.rows)
  switch (effect.type) {
    case 'read':
      return { rows: byId(rows).map(([id, { n }]) => [id, n]), after: model }
    case 'insert': {
      const { id, word, times } = effect
      if (rows.has(id)) return undefined
      rows.set(id, { n: 0, word, times })
      return { rows: [[id, shorten(word.repeat(times))]], after: { ...model, rows } }
    }
    case 'increment': {
      const row = rows.get(effect.id)
      if (!row) return { rows: [], after: model }
      // Carried out twice, it counts two.
      const n = row.n + 1
      rows.set(effect.id, { ...row, n })
      return { rows: [[n, shorten(row.word.repeat(row.times))]], after: { ...model, rows } }
    }
    case 'delete': {
      const row = rows.get(effect.id)
      rows.delete(effect.id)
      return { rows: row ? [[row.n]] : [], after: { ...model, rows } }
    }
    case 'count': {
      const transactions = model.transactions + 1
      return { rows: [[transactions]], after: { ...model, transactions } }
    }
  }
}

/** Draws what a lane does next. */
export function drawOperation(model: LaneModel, takeId: TakeId, random: Random): Operation {
  const kind = random(100)
  if (kind < 15) return statement(step(model.lane, { type: 'read' }))
  if (kind < 60) return statement(drawChange(model, takeId, random))
  if (kind < 65) {
    const id = drawId(model, random)
    return statement(step(model.lane, id === undefined ? { type: 'read' } : { type: 'insert', id, word: '', times: 1 }))
  }
  const steps: Step[] = []
  let current = model
  for (let left = 1 + random(4); left > 0; left -= 1) {
    const change = drawChange(current, takeId, random)
    steps.push(change, ...(random(3) === 0 ? [step(model.lane, { type: 'read' })] : []))
    current = predict(current, statement(change)).after
  }
  steps.push(step(model.lane, { type: 'count' }))
  return { kind: kind < 72 ? 'taken-back' : 'transaction', steps }
}

function statement(step: Step): Operation {
  return { kind: 'statement', steps: [step] }
}

function drawChange(model: LaneModel, takeId: TakeId, random: Random): Step {
  const id = drawId(model, random)
  const word = `note${random(1_000_000)} `
  // Now and then more than a leader keeps of an answer.
  const times = random(10) === 0 ? 10_000 : 1 + random(50)
  const kind = random(10)
  if (id === undefined || kind < 4) return step(model.lane, { type: 'insert', id: takeId(), word, times })
  return step(model.lane, { type: kind < 8 ? 'increment' : 'delete', id })
}

function drawId({ rows }: LaneModel, random: Random): number | undefined {
  return [...rows.keys()][random(rows.size || 1)]
}

function step(lane: string, effect: Effect): Step {
  switch (effect.type) {
    case 'read':
      return { sql: 'select id, n from work where lane = $1 order by id', params: [lane], effect }
    case 'insert': {
      const sql = 'insert into work values ($1, $2, 0, repeat($3, $4)) returning id, body'
      return { sql, params: [lane, effect.id, effect.word, effect.times], effect }
    }
    case 'increment': {
      const sql = 'update work set n = n + 1 where lane = $1 and id = $2 returning n, body'
      return { sql, params: [lane, effect.id], effect }
    }
    case 'delete':
      return {
        sql: 'delete from work where lane = $1 and id = $2 returning n',
        params: [lane, effect.id],
        effect,
      }
    case 'count': {
      const sql = 'insert into tally values ($1, 1) on conflict (lane) do update set n = tally.n + 1 returning n'
      return { sql, params: [lane], effect }
    }
  }
}

function byId<T>(rows: ReadonlyMap<number, T>): [id: number, row: T][] {
  return [...rows].toSorted(([left], [right]) => left - right)
}

function shorten(text: string): string | number {
  return text.length > 100 ? text.length : text
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
