/** A window of the page's origin with connections of its own. */

/**
 * Opens an empty frame that is not shown. In WebKit, a page whose connection to the browser's storage broke gets no other one,
 * nor do the workers it starts; a new window does, and so do those that are started by its own `Worker`.
 *
 * @returns Nothing in a worker.
 */
export function openFreshWindow(): (Window & typeof globalThis) | undefined {
  if (typeof document === 'undefined') return undefined
  const frame = document.createElement('iframe')
  frame.hidden = true
  document.documentElement.append(frame)
  return frame.contentDocument?.defaultView ?? undefined
}
