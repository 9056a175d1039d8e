/** Which tables change, as the triggers `typyst_tell_change` tell after each commit, in this tab and in any other. */
import type { PGliteInterface } from '@electric-sql/pglite'

/** Told the object id of a table that changed, in Postgres' text form; `undefined` when it may be any. */
export type ChangeListener = (tableId: string | undefined) => void

/** A feed that listens to the database while somebody listens to it. */
export interface ChangeFeed {
  /** Resolves when no change can be missed any more; the function it gives ends that. */
  subscribe(listener: ChangeListener): Promise<() => void>
  /** Changes may have been missed, as while another tab took over the database. */
  missed(): void
}

/** The channel of the migration's triggers. */
const channel = 'typyst_changes'

/** Builds the feed; the database is opened by its first subscriber. */
export function createChangeFeed(client: Pick<PGliteInterface, 'listen'>): ChangeFeed {
  const listeners = new Set<ChangeListener>()
  let listening: Promise<() => Promise<void>> | undefined

  const tell: ChangeListener = (tableId) => {
    for (const each of [...listeners]) each(tableId)
  }
  const stopIfUnused = () => {
    if (listeners.size > 0 || !listening) return
    const stopping = listening
    listening = undefined
    // A database that is closed has forgotten its listeners.
    void stopping.then((unlisten) => unlisten()).catch(() => undefined)
  }

  return {
    async subscribe(listener) {
      // A function of its own, so that one listener may subscribe twice.
      const own: ChangeListener = (tableId) => listener(tableId)
      listeners.add(own)
      const unsubscribe = () => {
        listeners.delete(own)
        stopIfUnused()
      }
      try {
        await (listening ??= client.listen(channel, tell))
        return unsubscribe
      } catch (cause) {
        listening = undefined
        unsubscribe()
        throw cause
      }
    },
    missed: () => tell(undefined),
  }
}
