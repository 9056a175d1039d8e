/** Knows whether a leader that went away may have taken along what it had acknowledged, as in relaxed mode. */
import type { WireStorageState } from '../worker/protocol.ts'

/** What a tab knows of it. */
export interface LossWatch {
  /** The leader told how its storage is doing; it does so before it acknowledges what is yet to be stored. */
  noteStorage(state: WireStorageState): void
  /** The leader went away by itself or otherwise. */
  noteLeaderLost(isOrderly: boolean): void
  /** Whether something may be gone of which the app was not told. */
  hasLost(): boolean
  /** The same, when it is told now. */
  takeLost(): boolean
}

export function createLossWatch(): LossWatch {
  let isStored = true
  let hasLost = false
  return {
    noteStorage({ phase }) {
      isStored = phase === 'clean' || phase === 'closed'
    },
    noteLeaderLost(isOrderly) {
      if (!isOrderly && !isStored) hasLost = true
      isStored = true
    },
    hasLost: () => hasLost,
    takeLost() {
      const taken = hasLost
      hasLost = false
      return taken
    },
  }
}
