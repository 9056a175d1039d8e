/** Makes the indexed document of an entry: a `tsvector` whose words begin with the number of a bucket. */
import { termsOfRun, tokensOf, toSearchForm } from './terms.ts'

/**
 * How much of an entry is read, in characters, title and content each. A `tsvector` holds at most 1 MB.
 * https://www.postgresql.org/docs/current/textsearch-limitations.html
 */
export const searchedCharacters = 65_536

/** Begins the terms of titles once more, so that a title is found among any number of texts with the same words. */
export const titleMark = '!'

/** Below the megabyte by what Postgres aligns. */
const documentBytes = 900_000

/** Postgres keeps places up to 16,383; ranking gains nothing from more than a few. */
const lastPlace = 16_383
const placesPerTerm = 4

interface TermPlaces {
  readonly places: number[]
  isInTitle: boolean
}

/** The text form of the document, for a parameter that is cast to `tsvector`. */
export function toDocument(bucket: number, title: string, content: string): string {
  const places = new Map<string, TermPlaces>()
  const titleEnd = addTerms(places, title, 1, true)
  addTerms(places, content, titleEnd, false)
  const prefix = bucketPrefix(bucket)
  const lexemes: string[] = []
  let bytes = 0
  for (const [term, { places: at, isInTitle }] of places) {
    // At most three bytes for each of UTF-16's units, five places of two bytes, and the alignment.
    bytes += (prefix.length + term.length * 3 + 12) * (isInTitle ? 2 : 1)
    if (bytes > documentBytes) break
    const weight = isInTitle ? 'A' : ''
    lexemes.push(`${quoteLexeme(prefix + term)}:${at.map((place) => `${place}${weight}`).join()}`)
    if (isInTitle) lexemes.push(quoteLexeme(prefix + titleMark + term))
  }
  return lexemes.join(' ')
}

/** What the words of a bucket begin with; {@link bucketPrefixSql} is the same in SQL. */
export function bucketPrefix(bucket: number): string {
  return bucket.toString(16).padStart(6, '0')
}

/** The prefix of the bucket whose number an expression gives. */
export function bucketPrefixSql(bucket: string): string {
  return `lpad(to_hex(${bucket}), 6, '0')`
}

/** A word as the text forms of `tsvector` and `tsquery` have it. */
export function quoteLexeme(word: string): string {
  return `'${word.replace(/['\\]/g, '$&$&')}'`
}

function addTerms(places: Map<string, TermPlaces>, text: string, from: number, isTitle: boolean): number {
  let place = from
  for (const { word } of tokensOf(toSearchForm(text))) {
    for (const term of typeof word === 'string' ? [word] : termsOfRun(word)) {
      const known = places.get(term)
      if (!known) places.set(term, { places: [Math.min(place, lastPlace)], isInTitle: isTitle })
      // A title's term is of the title wherever else it stands.
      else if (known.places.length < placesPerTerm && place <= lastPlace && known.isInTitle === isTitle) {
        known.places.push(place)
      }
      place += 1
    }
  }
  return place
}
