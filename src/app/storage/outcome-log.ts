/** What the log of outcomes keeps: how requests ended, stored in one transaction with what they changed. */

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
   * @returns Whether there was anything to store; a request that changed nothing leaves no outcome.
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
