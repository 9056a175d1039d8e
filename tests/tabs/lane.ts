/** One sequence of operations on one page, each checked against what is known here, outside of every page. */
import { isPageGone } from '../support/browsers/test-browser.ts'
import type { TestPage } from '../support/browsers/test-browser.ts'
import type { Random } from '../support/random.ts'
import { createVersions } from './versions.ts'
import type { Effect, Version } from './versions.ts'
import { within } from './within.ts'
import { drawOperation } from './workload.ts'
import type { Operation, OperationResult } from './workload.ts'

/** A lane at work. */
export interface Lane {
  readonly page: TestPage
  readonly name: string
  /** Operations that succeeded. */
  readonly done: number
  /** Operations that failed, with `LEADER_CHANGED`, `STORAGE_BLOCKED` or because their own page stood still, and changed nothing. */
  readonly refused: number
  /** Operations that failed with `LEADER_CHANGED` after they had taken effect. */
  readonly lostRows: number
  /** Operations that failed with `LEADER_CHANGED` and may have taken effect. */
  readonly unknown: number
  /** The longest that one took, in milliseconds. */
  readonly longestMs: number
  /** Whether its page went away. */
  readonly isGone: boolean
  /** Whether its page went away with an operation. */
  readonly isOrphaned: boolean
  /** From here on what was acknowledged may get lost, as far as its durability lets it. */
  expectLoss(): void
  /** No more than what is lost already. */
  endLoss(): void
  /** What the database may hold of it: what is known to be done, then that with the operation its page took along. */
  versions(): readonly Version[]
  /** Settles with the last operation; rejects with what was wrong. */
  readonly ended: Promise<void>
  /** No further operation; resolves when the last one ended, and rejects with what was wrong. */
  stop(): Promise<void>
}

/** What a lane needs. */
export interface LaneOptions {
  readonly page: TestPage
  readonly name: string
  readonly durability: 'strict' | 'relaxed'
  readonly random: Random
  /** After this an operation on a living page counts as hanging, in milliseconds. */
  readonly capMs: number
  /** Called after each operation, and when something is wrong. */
  readonly onProgress: () => void
}

/** One of so many operations is a flush, in relaxed mode. */
const flushEvery = 20

/** Starts working. */
export function startLane({ page, name, durability, random, capMs, onProgress }: LaneOptions): Lane {
  const versions = createVersions(name, durability)
  let underWay: Operation | undefined
  let isStopping = false
  let ids = 0
  let longestMs = 0
  const counts = { done: 0, refused: 0, lostRows: 0, unknown: 0 }
  let isGone = false
  // Firefox may leave what it was asked unanswered then.
  const closed = new Promise<undefined>((resolve) => page.once('close', () => resolve(undefined)))

  const draw = (): Operation =>
    durability === 'relaxed' && random(flushEvery) === 0
      ? { kind: 'flush', steps: [] }
      : drawOperation(versions.newest(), () => (ids += 1), random)

  const work = async (): Promise<void> => {
    while (!isStopping) {
      const operation = draw()
      underWay = operation
      const start = performance.now()
      const result = await runOn(page, closed, operation, capMs)
      if (!result) {
        isGone = true
        return
      }
      underWay = undefined
      longestMs = Math.max(longestMs, performance.now() - start)
      const effect = effectOf(operation, result)
      if (!versions.take(operation, effect, result)) throw unexpected(operation, result, versions.known())
      counts[effect] += 1
      onProgress()
    }
  }
  const working = work()
  // Whoever waits for progress looks at the lanes, and `stop` tells what was wrong.
  void working.catch(() => undefined).finally(onProgress)

  return {
    page,
    name,
    ended: working,
    get done() {
      return counts.done
    },
    get refused() {
      return counts.refused
    },
    get lostRows() {
      return counts.lostRows
    },
    get unknown() {
      return counts.unknown
    },
    get longestMs() {
      return longestMs
    },
    get isGone() {
      return isGone
    },
    get isOrphaned() {
      return underWay !== undefined
    },
    expectLoss: () => versions.expectLoss(),
    endLoss: () => versions.endLoss(),
    versions: () => (underWay ? versions.knownOrWith(underWay) : versions.known()),
    stop() {
      isStopping = true
      return working
    },
  }
}

/** Runs one operation; `undefined` when the page went away with it. */
async function runOn(
  page: TestPage,
  closed: Promise<undefined>,
  operation: Operation,
  capMs: number,
): Promise<OperationResult | undefined> {
  try {
    return await within(
      capMs,
      () => `${describe(operation)} has no answer`,
      // Another document may be there by now.
      Promise.race([
        page.evaluate((given) => ('tabs' in window ? window.tabs.run(given) : undefined), operation),
        closed,
      ]),
    )
  } catch (error) {
    if (isPageGone(error)) return undefined
    throw error
  }
}

function effectOf({ kind }: Operation, result: OperationResult): Effect {
  if (result.isDone) return 'done'
  // Its page stood still in the middle of it, and others waited.
  if (kind !== 'statement' && result.code === 'TRANSACTION_ABORTED') return 'refused'
  // The leader that was lost still has the storage in its hands; what it never got took no effect.
  if (result.code === 'STORAGE_BLOCKED') return 'refused'
  if (result.code !== 'LEADER_CHANGED') return 'done'
  if (result.message.includes('is not known')) return 'unknown'
  // It stores nothing, and says so.
  if (kind === 'flush') return 'refused'
  if (result.message.includes('took effect, then')) return 'lostRows'
  return /rolled it back|changed nothing/.test(result.message) ? 'refused' : 'done'
}

function unexpected(operation: Operation, result: OperationResult, versions: readonly Version[]): Error {
  const given = result.isDone ? JSON.stringify(result.results) : `${result.code}: ${result.message}`
  const rows = versions.map(({ model }) => JSON.stringify([...model.rows]))
  return new Error(`${describe(operation)} gave ${given}, which fits none of ${rows.join(', ')}.`)
}

function describe({ kind, steps }: Operation): string {
  return `${kind}: ${steps.map(({ sql, params }) => `${sql} ${JSON.stringify(params)}`).join('; ')}`
}
