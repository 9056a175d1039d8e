/** Makes one worker of all tabs' the leader: whoever has the lock of the database, which pages take too. */
import { isHolder } from './find-holder.ts'
import { databaseLock } from './names.ts'
import { showHolder } from './show-holder.ts'

/** A worker that waits for its turn to lead. */
export interface Candidate {
  /** Leaves the queue, or lets go of the lock. */
  withdraw(): Promise<void>
  /** Lets go of the lock, and waits for it again behind everybody else. */
  stepBack(): void
  /**
   * Takes the lock from a leader that does not answer. That is safe, because the storage takes nothing from a leader
   * that was deposed; a page in its place, which writes no such mark, is left alone.
   */
  takeOver(leaderId: string): Promise<void>
}

/** What happens to it. */
export interface CandidateEvents {
  readonly onElected: () => void
  /** Another worker took the lock. */
  readonly onDeposed: () => void
}

/** Queues for the lock. */
export function createCandidate(name: string, workerId: string, { onElected, onDeposed }: CandidateEvents): Candidate {
  let release: (() => void) | undefined
  let hide = (): void => undefined
  let withdrawn = new AbortController()
  let request: Promise<void> = Promise.resolve()

  const stand = (options: LockOptions): void => {
    const lock: Promise<unknown> = navigator.locks.request(databaseLock(name), options, () => {
      const held = new Promise<void>((resolve) => (release = resolve))
      hide = showHolder(name, workerId)
      onElected()
      return held
    })
    request = lock.then(
      () => undefined,
      () => {
        // Withdrawn while it waited, or taken away while it was held.
        if (!release) return
        release = undefined
        hide()
        onDeposed()
        stand({ signal: withdrawn.signal })
      },
    )
  }
  stand({ signal: withdrawn.signal })

  return {
    async withdraw() {
      const letGo = release
      release = undefined
      withdrawn.abort()
      hide()
      letGo?.()
      await request
    },
    stepBack() {
      const letGo = release
      release = undefined
      letGo?.()
      if (letGo && !withdrawn.signal.aborted) stand({ signal: withdrawn.signal })
    },
    async takeOver(leaderId) {
      if (release || withdrawn.signal.aborted) return
      if (!(await isHolder(name, leaderId))) return
      withdrawn.abort()
      await request
      withdrawn = new AbortController()
      stand({ steal: true })
    },
  }
}
