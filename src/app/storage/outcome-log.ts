/** What the log of outcomes keeps: how requests ended, stored in one transaction with what they changed. */
import { isCount, isObject } from './format.ts'

/** Names a request for good: a tab, and the number it gave it. */
export interface RequestKey {
  readonly clientId: string
  readonly number: number
}

/** A request that took effect, and how it ended; plain data that IndexedDB can hold. */
export interface KeptOutcome {
  readonly key: RequestKey
  readonly outcome: object
  /** When it ended, in milliseconds since 1970. */
  readonly at: number
}

/** What a storage that several tabs share offers beside storing. */
export interface Sharing {
  /**
   * Runs `perform` with every flush held back, then stores what it changed together with the outcome it gives.
   *
   * @returns Whether something had to be stored; a request that changed nothing leaves no outcome.
   */
  keep(perform: () => Promise<KeptOutcome | undefined>): Promise<boolean>
  /** The outcomes stored for a tab, by the number of the request. */
  keptOutcomes(clientId: string): Iterable<readonly [number: number, outcome: object]>
  /** The tab has the answers to all requests below this one. */
  forgetBelow(clientId: string, number: number): void
  /** Stores what waits without waiting for an answer: the page is going away. */
  flushUrgently(): void
  /** Lets go and writes nothing any more. */
  abandon(): void
}

/** How long an outcome is kept that no tab has taken note of: tabs that stood still for half as long ask no more. */
const keptForMs = 10 * 60_000

/** Outcomes whose tabs may still ask for them. */
export interface OutcomeLog {
  add(outcomes: readonly KeptOutcome[]): void
  of(clientId: string): Iterable<readonly [number: number, outcome: object]>
  forgetBelow(clientId: string, number: number): void
  /** Replaces each of them. */
  redact(toRedacted: (outcome: object) => object): void
  /** All of them, without those that are too old to be asked for. */
  all(): KeptOutcome[]
}

/** Makes an empty log. */
export function createOutcomeLog(): OutcomeLog {
  const outcomesByClient = new Map<string, Map<number, KeptOutcome>>()
  return {
    add(outcomes) {
      for (const outcome of outcomes) {
        const { clientId, number } = outcome.key
        const known = outcomesByClient.get(clientId) ?? new Map<number, KeptOutcome>()
        outcomesByClient.set(clientId, known.set(number, outcome))
      }
    },
    of: (clientId) =>
      [...(outcomesByClient.get(clientId) ?? [])].map(([number, { outcome }]) => [number, outcome] as const),
    forgetBelow(clientId, below) {
      const known = outcomesByClient.get(clientId)
      for (const number of known?.keys() ?? []) if (number < below) known?.delete(number)
      if (known?.size === 0) outcomesByClient.delete(clientId)
    },
    redact(toRedacted) {
      for (const known of outcomesByClient.values()) {
        for (const [number, kept] of known) known.set(number, { ...kept, outcome: toRedacted(kept.outcome) })
      }
    },
    all() {
      const oldest = Date.now() - keptForMs
      for (const [clientId, known] of outcomesByClient) {
        for (const [number, { at }] of known) if (at < oldest) known.delete(number)
        if (known.size === 0) outcomesByClient.delete(clientId)
      }
      return [...outcomesByClient.values()].flatMap((known) => [...known.values()])
    },
  }
}

/** Whether a stored value is an outcome. */
export function isKeptOutcome(value: unknown): value is KeptOutcome {
  if (!isObject(value)) return false
  const { key, outcome, at } = value
  return (
    isObject(key) && typeof key['clientId'] === 'string' && isCount(key['number']) && isObject(outcome) && isCount(at)
  )
}
