/** Tells Chromium from the other browsers, for what no feature tells. */

/** Chromium and what is made of it have this in pages and workers, since 2021, and no other browser has. */
export function isChromium(): boolean {
  return typeof navigator !== 'undefined' && 'userAgentData' in navigator
}
