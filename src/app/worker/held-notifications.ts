/** Holds notifications back until what they tell of is stored: no tab may show what a crash can take back. */
import type { PGliteInterface } from '@electric-sql/pglite'

/** The notifications of an engine. */
export interface HeldNotifications {
  /** Delivers all there are: what was committed so far is stored. */
  release(): void
}

/** Listens to every channel of a client from now on. */
export function holdNotifications(
  client: Pick<PGliteInterface, 'onNotification'>,
  deliver: (channel: string, payload: string) => void,
): HeldNotifications {
  let held: (readonly [channel: string, payload: string])[] = []
  client.onNotification((channel, payload) => held.push([channel, payload]))
  return {
    release() {
      const stored = held
      held = []
      for (const [channel, payload] of stored) deliver(channel, payload)
    },
  }
}
