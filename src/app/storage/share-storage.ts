/** A block store for a leader: each request's outcome stored with its effects, and read by the leader after it. */
import type { BlockStore } from './block-store-types.ts'
import type { FlushGate } from './flush-gate.ts'
import type { Sharing } from './outcome-log.ts'

/**
 * Makes what a leader needs of a store.
 *
 * @param sync - Hands over what changed, through the gate.
 */
export function shareStorage(store: BlockStore, gate: FlushGate, sync: () => Promise<void>): Sharing {
  return {
    async keep(perform) {
      const outcome = await gate.shutDuring(perform)
      if (outcome) store.noteOutcome(outcome)
      await sync()
      return outcome !== undefined && store.isKept(outcome)
    },
    keptOutcomes: (clientId) => store.outcomes()?.of(clientId) ?? [],
    forgetBelow: (clientId, number) => store.outcomes()?.forgetBelow(clientId, number),
    flushUrgently: () => store.flushUrgently(),
    abandon: () => store.abandon(),
  }
}
