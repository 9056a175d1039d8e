/** Tells browsers apart, for what no feature tells. */

/** Chromium and what is made of it have this in pages and workers, since 2021, and no other browser has. */
export function isChromium(): boolean {
  return typeof navigator !== 'undefined' && 'userAgentData' in navigator
}

/** Firefox names its engine with a version; all others are only `like Gecko`. */
export function isFirefox(): boolean {
  return typeof navigator !== 'undefined' && /\bGecko\/\d/.test(navigator.userAgent)
}

/** Safari, and every browser of iOS; Chromium names the same engine, from which it came. */
export function isWebKit(): boolean {
  return typeof navigator !== 'undefined' && /\bAppleWebKit\//.test(navigator.userAgent) && !isChromium()
}
