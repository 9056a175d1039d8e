/** Which statements are worth a plan that the server keeps: those that come again, within bounds. */

/** Which statements the server keeps the plans of. */
export interface PlanChoice {
  isPrepared(text: string): boolean
  /** To be called when a plan no longer fits the tables: the statement runs without one from then on. */
  giveUp(text: string): void
}

/** Every connection keeps each of them until it closes. */
const maxPrepared = 200

/** Longer ones are bulk inserts and the like, of which hardly one is like another. */
const maxCharacters = 5000

/** How many texts that came once are remembered. */
const maxSeenOnce = 1000

/** Makes the choice for one pool: a statement is prepared from its second time on. */
export function choosePrepared(): PlanChoice {
  const prepared = new Set<string>()
  const seenOnce = new Set<string>()
  const givenUp = new Set<string>()
  return {
    isPrepared(text) {
      if (prepared.has(text)) return true
      // Those given up keep their place: every connection still has their plans.
      if (text.length > maxCharacters || givenUp.has(text) || prepared.size + givenUp.size >= maxPrepared) return false
      if (!seenOnce.has(text)) {
        if (seenOnce.size >= maxSeenOnce) seenOnce.clear()
        seenOnce.add(text)
        return false
      }
      seenOnce.delete(text)
      prepared.add(text)
      return true
    },
    giveUp(text) {
      if (prepared.delete(text)) givenUp.add(text)
    },
  }
}
