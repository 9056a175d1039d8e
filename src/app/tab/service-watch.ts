/** Notices that a leader that lives has no more to do with this tab: somebody told it so, or a message was lost. */

/** What to do about it. */
export interface ServiceWatchOptions {
  /** Whether the leader is to serve this tab. */
  readonly isAttached: () => boolean
  /** Asks the leader whether it knows this tab. */
  readonly onDoubt: () => void
  /** It does not, or would have said so. */
  readonly onForgotten: () => void
}

/** A watch over a leader's service. */
export interface ServiceWatch {
  /** Some time has passed in which this tab waited and heard nothing. */
  tick(): void
  /** A word for this tab. */
  served(): void
}

/** In ticks of silence-watch.ts. */
const [ticksUntilDoubt, ticksUntilForgotten] = [3, 9]

export function createServiceWatch({ isAttached, onDoubt, onForgotten }: ServiceWatchOptions): ServiceWatch {
  let unservedTicks = 0
  return {
    tick() {
      unservedTicks += 1
      if (!isAttached() || unservedTicks < ticksUntilDoubt) return
      if (unservedTicks < ticksUntilForgotten) onDoubt()
      else {
        unservedTicks = 0
        onForgotten()
      }
    },
    served() {
      unservedTicks = 0
    },
  }
}
