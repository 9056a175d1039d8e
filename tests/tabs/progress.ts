/** Lets conditions be looked at whenever a lane has done something. */
import type { Lane } from './lane.ts'
import { within } from './within.ts'

/** What lanes tell, and who waits for it. */
export interface Progress {
  tell(): void
  /** Rejects with what was wrong in a lane, which says more than that it did not go on, and with `what` on a hang. */
  until(lanes: readonly Lane[], what: string, isTrue: () => boolean): Promise<void>
}

export function createProgress(capMs: number): Progress {
  const looks = new Set<() => void>()
  return {
    tell() {
      for (const look of looks) look()
    },
    until(lanes, what, isTrue) {
      let look = (): void => undefined
      const come = new Promise<void>((resolve, reject) => {
        look = () => {
          if (isTrue()) resolve()
        }
        for (const { ended } of lanes) ended.catch(reject)
      })
      looks.add(look)
      look()
      return within(capMs, () => what, come).finally(() => looks.delete(look))
    },
  }
}
