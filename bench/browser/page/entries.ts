/** Makes the notes of the workload: 500 bytes of words each, the same ones in every run. */
import type { BenchEntry } from './peer.ts'

/** The collection all entries are in. */
export const collectionId = 'bench-collection'

const contentBytes = 500
const newestFrom = Date.UTC(2026, 0, 1)

/** The key of an entry: as long as a UUID and, like version 7, in the order of creation. */
export function entryId(at: number): string {
  return `${at
    .toString(16)
    .padStart(12, '0')
    .replace(/^(.{8})/, '$1-')}-7000-8000-${scramble(at)}`
}

/** Entries `from` up to, not including, `to`. */
export function makeEntries(from: number, to: number): BenchEntry[] {
  return Array.from({ length: to - from }, (_, index) => makeEntry(from + index))
}

/** The entry at a place in the order of creation. */
export function makeEntry(at: number): BenchEntry {
  return {
    id: entryId(at),
    title: `Note ${at}`,
    content: makeContent(at),
    collectionId,
    createdAt: new Date(newestFrom + at * 1000),
  }
}

function makeContent(seed: number): string {
  let state = seed + 1
  let text = ''
  while (text.length < contentBytes) {
    // A linear congruential generator; the constants are those of Numerical Recipes.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    // Few common words and many rare ones, as in prose.
    text += `${makeWord(Math.floor((state / 2 ** 32) ** 3 * 5000))} `
  }
  return text.slice(0, contentBytes)
}

function makeWord(rank: number): string {
  const syllables = ['ka', 'ro', 'mi', 'ten', 'lu', 'vas', 'de', 'pir', 'no', 'shi']
  return Array.from(String(rank), (digit) => syllables[Number(digit)]).join('')
}

function scramble(at: number): string {
  return (Math.imul(at + 1, 2654435761) >>> 0).toString(16).padStart(12, '0')
}
