/** Marks in a text what a search found, and cuts the part out of it that shows the most. */
import type { SearchQuery } from './query.ts'
import { tokensOf, toSearchForm, unitPlaces } from './terms.ts'

/** A piece of a title or snippet; put together, the pieces are the text. */
export interface HighlightPart {
  readonly text: string
  /** Whether the search found just this piece. */
  readonly isMatch: boolean
}

interface Match {
  readonly start: number
  readonly end: number
  /** Which of the searched words it is. */
  readonly mark: number
}

const snippetCharacters = 180
/** How much of a snippet stands before its first match. */
const leadCharacters = 40
/** As many matches are weighed against one another; a text may have thousands. */
const weighedMatches = 500

/** The whole text, its matches marked. */
export function highlight(text: string, marks: SearchQuery['marks']): HighlightPart[] {
  const form = toSearchForm(text)
  return toParts(form, [...matchesOf(form, marks)], 0, form.length)
}

/** The part of a text in which the most of the searched words stand, or its beginning. */
export function makeSnippet(text: string, marks: SearchQuery['marks']): HighlightPart[] {
  const form = toSearchForm(text)
  const matches: Match[] = []
  for (const match of matchesOf(form, marks)) {
    if (matches.push(match) === weighedMatches) break
  }
  const from = startOfWord(form, Math.max(0, bestStart(matches) - leadCharacters))
  const to = endOfWord(form, from + snippetCharacters)
  return [
    ...(from > 0 ? [{ text: '… ', isMatch: false }] : []),
    ...toParts(form, matches, from, to),
    ...(to < form.length ? [{ text: ' …', isMatch: false }] : []),
  ]
}

function* matchesOf(text: string, { words, runs }: SearchQuery['marks']): Generator<Match> {
  for (const { start, end, word } of tokensOf(text)) {
    if (typeof word === 'string') {
      const mark = words.findIndex((searched) => word.startsWith(searched))
      if (mark >= 0) yield { start, end, mark }
    } else {
      yield* runMatches(unitPlaces(text, start, end), word, runs, words.length)
    }
  }
}

function* runMatches(
  places: readonly number[],
  units: readonly string[],
  runs: readonly (readonly string[])[],
  firstMark: number,
): Generator<Match> {
  let at = 0
  while (at < units.length) {
    const found = runs.findIndex((run) => isRunAt(units, at, run))
    const length = found < 0 ? 1 : (runs[found]?.length ?? 1)
    if (found >= 0) yield { start: places[at] ?? 0, end: places[at + length] ?? 0, mark: firstMark + found }
    at += length
  }
}

/** The last unit may be one that is still being typed. */
function isRunAt(units: readonly string[], at: number, run: readonly string[]): boolean {
  return run.every((unit, offset) =>
    offset === run.length - 1 ? (units[at + offset] ?? '').startsWith(unit) : units[at + offset] === unit,
  )
}

/** Where the first of the matches stands that show the most different words within a snippet. */
function bestStart(matches: readonly Match[]): number {
  let best = matches[0]?.start ?? 0
  let most = 0
  for (const [at, { start }] of matches.entries()) {
    const seen = new Set<number>()
    for (let next = at; next < matches.length; next += 1) {
      const match = matches[next]
      if (!match || match.end > start + snippetCharacters - leadCharacters) break
      seen.add(match.mark)
    }
    if (seen.size > most) {
      most = seen.size
      best = start
    }
  }
  return best
}

/** The beginning of the next word, unless it is far, as where words are not parted by spaces. */
function startOfWord(text: string, from: number): number {
  if (from === 0) return 0
  const space = text.slice(from, from + leadCharacters).search(/\s/)
  return space < 0 ? withoutHalf(text, from) : from + space + 1
}

function endOfWord(text: string, to: number): number {
  if (to >= text.length) return text.length
  const space = text.slice(to - leadCharacters, to).search(/\s\S*$/)
  return space < 0 ? withoutHalf(text, to) : to - leadCharacters + space
}

/** A place that does not part the two halves of a character. */
function withoutHalf(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at
}

function toParts(text: string, matches: readonly Match[], from: number, to: number): HighlightPart[] {
  const parts: HighlightPart[] = []
  let at = from
  const push = (end: number, isMatch: boolean) => {
    if (end > at) parts.push({ text: text.slice(at, end), isMatch })
    at = Math.max(at, end)
  }
  for (const { start, end } of matches) {
    if (start < from || end > to) continue
    push(start, false)
    push(end, true)
  }
  push(to, false)
  return parts
}
