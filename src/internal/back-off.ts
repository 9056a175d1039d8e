/** How long to wait before trying again. */

/** The first pause, in milliseconds; each is twice the one before. */
const firstPauseMs = 10

/**
 * The pause after the `number`th attempt, in milliseconds. Half of it is left to chance, so that those who failed together
 * do not come back together.
 */
export function backOffMs(number: number, longestMs: number): number {
  return Math.min(firstPauseMs * 2 ** (number - 1), longestMs) * (0.5 + Math.random() / 2)
}
