/** Which statements are worth a plan that the server keeps: those that come again, within bounds. */
import type { IsPrepared } from './postgres-executor.ts'

/** Every connection keeps each of them until it closes. */
const maxPrepared = 200

/** Longer ones are bulk inserts and the like, of which hardly one is like another. */
const maxCharacters = 5000

/** How many texts that came once are remembered. */
const maxSeenOnce = 1000

/** Makes the choice for one pool: a statement is prepared from its second time on. */
export function choosePrepared(): IsPrepared {
  const prepared = new Set<string>()
  const seenOnce = new Set<string>()
  return (text) => {
    if (prepared.has(text)) return true
    if (text.length > maxCharacters || prepared.size >= maxPrepared) return false
    if (!seenOnce.has(text)) {
      if (seenOnce.size >= maxSeenOnce) seenOnce.clear()
      seenOnce.add(text)
      return false
    }
    seenOnce.delete(text)
    prepared.add(text)
    return true
  }
}
