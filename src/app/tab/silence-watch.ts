/** Counts how long a leader has been silent while a tab waits for it, and says when to do something about it. */

/** What is watched, and what to do. */
export interface SilenceWatchOptions {
  /** How long a leader may be silent, in milliseconds. */
  readonly leaderTimeoutMs: number
  /** Whether anything is waited for. */
  readonly isWaiting: () => boolean
  /** Whether a silent leader is known to be at work. */
  readonly isExcused: () => boolean
  /** Some time of silence; comes again and again. */
  readonly onSilence: () => void
  /** As long as a leader may be silent. */
  readonly onTimeout: () => void
  /** As long again: another leader had its time to take over and to open. */
  readonly onGivenUp: () => void
}

/** A watch over silence. */
export interface SilenceWatch {
  /** Begins to count when something is waited for, and ends when nothing is. */
  update(): void
  /** Somebody was heard of. */
  heard(): void
}

/** Silence is counted in fifths of the timeout, and only while this tab runs: its own standing still is no silence. */
const ticksUntilTimeout = 5
const ticksUntilGivenUp = 10

export function createSilenceWatch(options: SilenceWatchOptions): SilenceWatch {
  const { leaderTimeoutMs, isWaiting, isExcused, onSilence, onTimeout, onGivenUp } = options
  let ticker: ReturnType<typeof setInterval> | undefined
  let silentTicks = 0

  const tick = (): void => {
    silentTicks = isExcused() ? 0 : silentTicks + 1
    if (silentTicks === 0) return
    onSilence()
    if (silentTicks >= ticksUntilTimeout) onTimeout()
    if (silentTicks < ticksUntilGivenUp) return
    silentTicks = 0
    onGivenUp()
  }

  return {
    update() {
      if (isWaiting() === (ticker !== undefined)) return
      clearInterval(ticker)
      ticker = ticker === undefined ? setInterval(tick, leaderTimeoutMs / ticksUntilTimeout) : undefined
      silentTicks = 0
    },
    heard() {
      silentTicks = 0
    },
  }
}
