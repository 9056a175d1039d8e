/** One sequence of operations on one page, each checked against the model kept here, outside of every page. */
import { isDeepStrictEqual } from 'node:util'
import type { Page } from 'playwright-core'
import type { Random } from '../support/random.ts'
import { within } from './within.ts'
import { drawOperation, emptyLane } from './workload.ts'
import type { LaneModel, Operation, OperationResult } from './workload.ts'

/** A lane at work. */
export interface Lane {
  readonly page: Page
  /** Operations that succeeded. */
  readonly done: number
  /** Operations that failed with `LEADER_CHANGED` and changed nothing. */
  readonly refused: number
  /** Operations that failed with `LEADER_CHANGED` after they had taken effect. */
  readonly lostRows: number
  /** Whether its page went away. */
  readonly isGone: boolean
  /** What the database may hold of it: one state, and the next one when its page went away in between. */
  readonly states: readonly LaneModel[]
  /** Settles with the last operation; rejects with what was wrong. */
  readonly ended: Promise<void>
  /** No further operation; resolves when the last one ended, and rejects with what was wrong. */
  stop(): Promise<void>
}

/** What a lane needs. */
export interface LaneOptions {
  readonly page: Page
  readonly name: string
  readonly random: Random
  /** After this an operation on a living page counts as hanging, in milliseconds. */
  readonly capMs: number
  /** Called after each operation, and when something is wrong. */
  readonly onProgress: () => void
}

/** Starts working. */
export function startLane({ page, name, random, capMs, onProgress }: LaneOptions): Lane {
  let model = emptyLane(name)
  let underWay: LaneModel | undefined
  let isStopping = false
  const counts = { done: 0, refused: 0, lostRows: 0 }
  let isGone = false

  const work = async (): Promise<void> => {
    while (!isStopping) {
      const { operation, after } = drawOperation(model, random)
      underWay = after
      const result = await runOn(page, operation, capMs)
      if (!result) {
        isGone = true
        return
      }
      underWay = undefined
      const effect = judge(operation, result)
      if (effect === 'refused') model = { ...model, ids: after.ids }
      else model = after
      counts[effect] += 1
      onProgress()
    }
  }
  const working = work()
  // Whoever waits for progress looks at the lanes, and `stop` tells what was wrong.
  void working.catch(() => undefined).finally(onProgress)

  return {
    page,
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
    get isGone() {
      return isGone
    },
    get states() {
      return underWay ? [model, underWay] : [model]
    },
    stop() {
      isStopping = true
      return working
    },
  }
}

/** Runs one operation; `undefined` when the page went away with it. */
async function runOn(page: Page, operation: Operation, capMs: number): Promise<OperationResult | undefined> {
  try {
    return await within(
      capMs,
      () => `${describe(operation)} has no answer`,
      page.evaluate((given) => window.tabs.run(given), operation),
    )
  } catch (error) {
    // Playwright's words for a page that is gone.
    if (error instanceof Error && /closed|crashed|destroyed/i.test(error.message)) return undefined
    throw error
  }
}

/** Compares an answer with what the model expects. Throws on everything that no leader change explains. */
function judge(operation: Operation, result: OperationResult): 'done' | 'refused' | 'lostRows' {
  if (!result.isDone) {
    if (result.code === operation.failsWith) return 'done'
    if (result.code === 'LEADER_CHANGED') {
      if (result.message.includes('took effect, then')) return 'lostRows'
      if (/rolled it back|changed nothing/.test(result.message)) return 'refused'
    }
    throw new Error(`${describe(operation)} failed with ${result.code}: ${result.message}`)
  }
  const expected = operation.steps.map((step) => step.expected)
  if (operation.failsWith !== undefined || !isDeepStrictEqual(result.results, expected)) {
    throw new Error(
      `${describe(operation)} gave ${JSON.stringify(result.results)} instead of ${JSON.stringify(expected)}.`,
    )
  }
  return 'done'
}

function describe({ kind, steps }: Operation): string {
  return `${kind}: ${steps.map(({ sql, params }) => `${sql} ${JSON.stringify(params)}`).join('; ')}`
}
