/** Turns what somebody typed into a `tsquery` for a bucket to be filled in, and into what the database has to check. */
import { quoteLexeme, titleMark } from './document.ts'
import { termsOfRun, tokensOf, toSearchForm } from './terms.ts'

/** A search, ready to run. */
export interface SearchQuery {
  /** A `tsquery` over all words, the number of the bucket left open. */
  readonly words: string
  /** The same over the words of titles. */
  readonly titleWords: string
  /** Runs of three units and more: their pairs might stand apart from one another, so that the text is looked at. */
  readonly runs: readonly string[]
  /** What to mark in a text: words by their beginning, runs wherever they stand. */
  readonly marks: { readonly words: readonly string[]; readonly runs: readonly (readonly string[])[] }
}

/** Stands for the number of the bucket; no term contains it. */
export const bucketPlaceholder = '#'

/** The letters of Korean that stand alone at the end: a syllable of which only the first letter is typed. */
const unfinishedSyllable = /(?<=[\uac00-\ud7a3])[\u3131-\u318e]$/u

/** More words than anybody types; the rest of a pasted page is left out. */
const mostTerms = 24

/** The same for its characters. */
const mostCharacters = 2000

/** Understands a search; undefined when there is nothing in it to search for. */
export function parseQuery(text: string): SearchQuery | undefined {
  const terms: string[] = []
  const words: string[] = []
  const runs: (readonly string[])[] = []
  const form = toSearchForm(text.trim().slice(0, mostCharacters)).replace(unfinishedSyllable, '')
  for (const { word } of tokensOf(form)) {
    if (terms.length >= mostTerms) break
    if (typeof word === 'string') {
      words.push(word)
      terms.push(`${quote(word)}:*`)
    } else {
      runs.push(word)
      const pairs = word.length === 1 ? word : termsOfRun(word).slice(0, -1)
      terms.push(...pairs.map((pair, at) => quote(pair) + (at === pairs.length - 1 ? ':*' : '')))
    }
  }
  if (terms.length === 0) return undefined
  const unique = [...new Set(terms)]
  return {
    words: unique.join(' & '),
    titleWords: unique.map((term) => term.replace(bucketPlaceholder, bucketPlaceholder + titleMark)).join(' & '),
    runs: runs.filter((units) => units.length > 2).map((units) => units.join('')),
    marks: { words, runs },
  }
}

function quote(term: string): string {
  return quoteLexeme(bucketPlaceholder + term)
}
