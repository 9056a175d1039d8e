/** What the database may hold of one lane: in strict mode one version, after a loss in relaxed mode any since a flush. */
import { isDeepStrictEqual } from 'node:util'
import { emptyLane, predict } from './workload.ts'
import type { LaneModel, Operation, OperationResult } from './workload.ts'

/** How an operation ended; `done` is also a failure that was to be expected. */
export type Effect = 'done' | 'refused' | 'lostRows' | 'unknown'

/** What the database may hold of a lane. */
export interface Version {
  readonly model: LaneModel
  /** Acknowledged operations that are not in it. */
  readonly missing: number
  /** When the oldest of them was acknowledged, as `performance.now()`. */
  readonly oldestMissingAt: number | undefined
  /** Whether an operation is in it whose end nobody knows. */
  readonly hasOrphan: boolean
}

/** The versions of one lane. */
export interface Versions {
  /** From here on the database may fall back to an earlier version. */
  expectLoss(): void
  /** It has fallen back by now, if it was to. */
  endLoss(): void
  /** The one to draw from. */
  newest(): LaneModel
  /** Takes an answer into account; tells whether any version explains it. */
  take(operation: Operation, effect: Effect, result: OperationResult): boolean
  /** All that are possible, the newest first. */
  known(): readonly Version[]
  /** Those, and what an operation makes of them whose answer never came. */
  knownOrWith(operation: Operation): readonly Version[]
}

/** Starts with an empty lane. */
export function createVersions(lane: string, durability: 'strict' | 'relaxed'): Versions {
  let possible: Version[] = [{ model: emptyLane(lane), missing: 0, oldestMissingAt: undefined, hasOrphan: false }]
  /** Those before, back to the last flush, the newest first. */
  let earlier: Version[] = []
  let isLosing = false

  /** What an acknowledged operation is missing from. */
  const without = (version: Version): Version => ({
    ...version,
    missing: version.missing + 1,
    oldestMissingAt: version.oldestMissingAt ?? performance.now(),
  })

  return {
    expectLoss() {
      if (durability === 'strict') return
      isLosing = true
      possible = distinct([...possible, ...earlier])
      earlier = []
    },
    endLoss() {
      isLosing = false
    },
    newest: () => (possible[0] ?? { model: emptyLane(lane) }).model,
    take(operation, effect, result) {
      if (effect === 'refused') return true
      if (effect === 'unknown') {
        possible = distinct([...possible, ...possible.map((version) => withAfter(version, operation))])
        return true
      }
      const fitting = possible.flatMap((version) => {
        const { after, ...expected } = predict(version.model, operation)
        return effect === 'lostRows' || explains(expected, result) ? [{ ...version, model: after }] : []
      })
      if (fitting.length === 0) return false
      const left = possible.map(without)
      if (operation.kind === 'flush') earlier = []
      else if (isLosing) fitting.push(...left)
      else if (durability === 'relaxed') earlier = [...left, ...earlier.map(without)]
      possible = distinct(fitting)
      return true
    },
    known: () => possible,
    knownOrWith: (operation) => [
      ...possible,
      ...possible.map((version) => ({ ...withAfter(version, operation), hasOrphan: true })),
    ],
  }
}

const withAfter = (version: Version, operation: Operation): Version => ({
  ...version,
  model: predict(version.model, operation).after,
})

function explains(
  { results, failsWith }: Pick<ReturnType<typeof predict>, 'results' | 'failsWith'>,
  result: OperationResult,
): boolean {
  return result.isDone
    ? failsWith === undefined && isDeepStrictEqual(result.results, results)
    : result.code === failsWith
}

/** One of those that are equal: the one that misses least, which comes first. */
function distinct(versions: readonly Version[]): Version[] {
  const kept: Version[] = []
  for (const version of versions) {
    if (!kept.some(({ model }) => isDeepStrictEqual(model, version.model))) kept.push(version)
  }
  return kept
}
