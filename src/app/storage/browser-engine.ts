/** Tells browsers apart, for what no feature tells. Asked with every write, so that each answer is kept. */

/** Chromium and what is made of it have this in pages and workers, since 2021, and no other browser has. */
export const isChromium = once(() => typeof navigator !== 'undefined' && 'userAgentData' in navigator)

/** Firefox names its engine with a version; all others are only `like Gecko`. */
export const isFirefox = once(() => typeof navigator !== 'undefined' && /\bGecko\/\d/.test(navigator.userAgent))

/** Safari, and every browser of iOS; Chromium names the same engine, from which it came. */
export const isWebKit = once(
  () => typeof navigator !== 'undefined' && /\bAppleWebKit\//.test(navigator.userAgent) && !isChromium(),
)

function once(ask: () => boolean): () => boolean {
  let answer: boolean | undefined
  return () => (answer ??= ask())
}
