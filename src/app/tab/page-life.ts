/** The moments in a page's life that matter to a worker: it is hidden, left, put away, frozen, and comes back. */

/** What to do in these moments. */
export interface PageLifeListeners {
  /** The page is hidden or left; it may not run again. */
  readonly onLeaving: () => void
  /** The page is put away or frozen with everything in it. */
  readonly onSuspended: () => void
  readonly onResumed: () => void
}

/** Listens until the returned function is called. */
export function watchPageLife({ onLeaving, onSuspended, onResumed }: PageLifeListeners): () => void {
  const listening = new AbortController()
  const { signal } = listening
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') onLeaving()
  }
  const onHide = ({ persisted }: PageTransitionEvent): void => {
    onLeaving()
    if (persisted) onSuspended()
  }
  const onShow = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) onResumed()
  }
  document.addEventListener('visibilitychange', onVisibility, { signal })
  document.addEventListener('freeze', onSuspended, { signal })
  document.addEventListener('resume', onResumed, { signal })
  addEventListener('pagehide', onHide, { signal })
  addEventListener('pageshow', onShow, { signal })
  return () => listening.abort()
}
