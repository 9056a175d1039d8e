/** Saves while someone types: a moment after the last change, one write at a time, and never text that was not edited. */

/** Text that is not known to be stored yet. */
export interface Draft {
  readonly entryId: string
  readonly content: string
}

export type SaveState = 'saved' | 'waiting' | 'saving' | 'failed'

export interface AutosaveOptions {
  /** Stores a draft; once it resolves, the draft counts as kept. */
  readonly save: (draft: Draft) => Promise<void>
  readonly onState: (state: SaveState, error?: unknown) => void
  /** How long typing has to pause before a save. */
  readonly delayMs: number
}

export interface Autosave {
  /** Notes an edit; `read` is called when the text is needed, which is less often than there are edits. */
  edited(entryId: string, read: () => string): void
  /** Saves what is waiting, now. Resolves when nothing is left, rejects when saving failed. */
  flush(): Promise<void>
  /** What would be lost if the page ended now. */
  draft(): Draft | undefined
  /** Forgets what is waiting, for an entry that is being deleted. */
  discard(): void
}

export function createAutosave({ save, onState, delayMs }: AutosaveOptions): Autosave {
  let waiting: { entryId: string; read: () => string } | undefined
  let inFlight: Draft | undefined
  let running: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const draftOf = (edit: typeof waiting) => edit && { entryId: edit.entryId, content: edit.read() }

  const saveAll = async () => {
    while (waiting) {
      const edit = waiting
      inFlight = draftOf(edit)
      waiting = undefined
      onState('saving')
      try {
        if (inFlight) await save(inFlight)
      } catch (error) {
        // Newer text, if there is any by now, includes what could not be saved.
        waiting ??= edit
        onState('failed', error)
        throw error
      } finally {
        inFlight = undefined
      }
    }
    onState('saved')
  }

  const flush = () => {
    clearTimeout(timer)
    if (!waiting) return running ?? Promise.resolve()
    return (running ??= saveAll().finally(() => (running = undefined)))
  }

  return {
    edited(entryId, read) {
      waiting = { entryId, read }
      onState('waiting')
      clearTimeout(timer)
      timer = setTimeout(() => {
        // A failure was shown through onState already.
        flush().catch(() => undefined)
      }, delayMs)
    },
    flush,
    draft: () => draftOf(waiting) ?? inFlight,
    discard() {
      clearTimeout(timer)
      waiting = undefined
    },
  }
}
