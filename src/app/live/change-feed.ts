/** Which tables change, as the triggers `typyst_tell_change` tell after each commit, in this tab and in any other. */
import type { PGliteInterface } from '@electric-sql/pglite'

/** Told instead of a table when tables, views or functions were made, changed or dropped. */
export const schemaChange = 'schema'

/**
 * Told the object id of a table that changed, in Postgres' text form, or {@link schemaChange}; `undefined` when it may be
 * anything.
 */
export type ChangeListener = (tableId: string | undefined) => void

/** A feed that listens to the database while somebody listens to it. */
export interface ChangeFeed {
  /** Resolves when no change can be missed any more; the function it gives ends that. */
  subscribe(listener: ChangeListener): Promise<() => void>
  /** The same for the next change alone, so that those after it cost their statements nothing. */
  once(listener: () => void): Promise<() => void>
  /** Changes may have been missed, as while another tab took over the database. */
  missed(): void
}

/** The channel of the migration's triggers. */
const channel = 'typyst_changes'

/** What is asked of the triggers, in a setting of the one session that all tabs share; nobody takes `all` back. */
const askForAll = "select set_config('typyst.tell', 'all', false)"
const askForNext =
  "select set_config('typyst.tell', 'once', false) where current_setting('typyst.tell', true) is distinct from 'all'"

/** Builds the feed; the database is opened by its first subscriber. */
export function createChangeFeed(client: Pick<PGliteInterface, 'listen' | 'query'>): ChangeFeed {
  const listeners = new Set<ChangeListener>()
  const waiting = new Set<() => void>()
  let listening: Promise<() => Promise<void>> | undefined

  const tell: ChangeListener = (tableId) => {
    for (const each of [...waiting]) {
      waiting.delete(each)
      each()
    }
    for (const each of [...listeners]) each(tableId)
    stopIfUnused()
  }
  const stopIfUnused = () => {
    if (listeners.size + waiting.size > 0 || !listening) return
    const stopping = listening
    listening = undefined
    // A database that is closed has forgotten its listeners.
    void stopping.then((unlisten) => unlisten()).catch(() => undefined)
  }
  const listen = () => {
    // A function of its own each time, because the end of the last time may still be under way.
    const started = client.listen(channel, (tableId) => tell(tableId))
    started.catch(() => {
      if (listening === started) listening = undefined
    })
    return started
  }
  const join = async <T>(group: Set<T>, listener: T, question: string): Promise<() => void> => {
    group.add(listener)
    const leave = () => {
      if (group.delete(listener)) stopIfUnused()
    }
    try {
      await (listening ??= listen())
      await client.query(question)
      return leave
    } catch (cause) {
      leave()
      throw cause
    }
  }

  return {
    // Functions of their own, so that one listener may come twice.
    subscribe: (listener) => join(listeners, (tableId) => listener(tableId), askForAll),
    once: (listener) => join(waiting, () => listener(), askForNext),
    missed() {
      // Another session has the database, which nobody has asked for anything.
      const asked = listeners.size > 0 ? client.query(askForAll).catch(() => undefined) : Promise.resolve()
      void asked.then(() => tell(undefined))
    },
  }
}
