/** Which statements are worth a plan that the server keeps: those that come again, within bounds. */

/** Which statements the server keeps the plans of. */
export interface PlanChoice {
  /** What to prepare and run in place of a text, which does the same; nothing when it runs without a plan this time. */
  planFor(text: string): string | undefined
  /** To be called when a plan no longer fits: from then on there is another. */
  renew(text: string, plan: string): void
  /** To be called when a plan may no longer fit: the next run does without, and from then on there is another. */
  suspect(text: string, plan: string): void
}

/** Every connection keeps each of them until it closes, also those that no longer fit. */
const maxPrepared = 200

/** A statement whose plan failed so often is likely to fail for what it is given, and does without. */
const maxPlansOfText = 20

/** Longer ones are bulk inserts and the like, of which hardly one is like another. */
const maxCharacters = 5000

/** How many texts that came once are remembered. */
const maxSeenOnce = 1000

interface Planned {
  plan: string
  isSuspect: boolean
}

/** Makes the choice for one pool: a statement is prepared from its second time on. */
export function choosePrepared(): PlanChoice {
  const planned = new Map<string, Planned>()
  const seenOnce = new Set<string>()
  const givenUp = new Set<string>()
  let plans = 0

  const renew = (text: string, plan: string) => {
    const known = planned.get(text)
    // Another run of the same plan may have come first.
    if (known?.plan !== plan) return
    if (plans >= maxPrepared || plan.length - text.length >= maxPlansOfText) {
      planned.delete(text)
      givenUp.add(text)
      return
    }
    plans += 1
    // postgres.js prepares each text once on a connection; one more space makes it another.
    known.plan = `${plan} `
  }

  return {
    planFor(text) {
      const known = planned.get(text)
      if (known) {
        if (!known.isSuspect) return known.plan
        known.isSuspect = false
        renew(text, known.plan)
        return undefined
      }
      if (text.length > maxCharacters || givenUp.has(text) || plans >= maxPrepared) return undefined
      if (!seenOnce.has(text)) {
        if (seenOnce.size >= maxSeenOnce) seenOnce.clear()
        seenOnce.add(text)
        return undefined
      }
      seenOnce.delete(text)
      plans += 1
      planned.set(text, { plan: text, isSuspect: false })
      return text
    },
    renew,
    suspect(text, plan) {
      const known = planned.get(text)
      if (known?.plan === plan) known.isSuspect = true
    },
  }
}

/** Classes of failures that a plan may have whose tables, types or functions have changed. */
const staleClasses = new Set(['0A', '26', '42', 'XX'])

/**
 * The same of single states. The types of a plan's parameters stay those it was made with: a value that the new type of a column
 * takes may be none of the old one, or out of its range. Most often it is just wrong; the second attempt tells.
 */
const staleStates = new Set(['22003', '22007', '22008', '22009', '22P01', '22P02', '22P03', '22P04', '22P05', '22P06'])

/** Whether a statement that failed so may succeed without its plan. */
export function mayBeStale(sqlState: string | undefined = ''): boolean {
  return staleStates.has(sqlState) || staleClasses.has(sqlState.slice(0, 2))
}
