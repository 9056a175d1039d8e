/** Holds flushes back while a request runs, so that its effects are stored in one go with what it came to. */

/** A gate in front of a file system's flushes. */
export interface FlushGate {
  /** Runs a flush, or leaves it out while the gate is shut: whoever shut it flushes. */
  pass(flush: () => Promise<void>): Promise<void>
  /** Runs `work` with the gate shut. */
  shutDuring<T>(work: () => Promise<T>): Promise<T>
}

export function createFlushGate(): FlushGate {
  let isShut = false
  let passing: Promise<void> = Promise.resolve()
  return {
    async pass(flush) {
      if (isShut) return
      const flushed = flush()
      passing = flushed.catch(() => undefined)
      await flushed
    },
    async shutDuring(work) {
      isShut = true
      try {
        // One that passed before must not take along the first half of what comes.
        await passing
        return await work()
      } finally {
        isShut = false
      }
    },
  }
}
