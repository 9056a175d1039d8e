/** Random numbers that are the same on every machine, so that a seed is all it takes to repeat a run. */

/** A whole number from 0 up to, not including, `below`. */
export type Random = (below: number) => number

/** A random number generator with a seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
