/**
 * Cuts text of any script into the terms that are searched for. Letters and digits in a row are a word. Scripts that are
 * written without spaces, or whose words carry endings and compounds without them, are runs of units instead (a character
 * and its marks), of which each neighbouring pair is a term: so any part of a run is found. Case, accents and variants of
 * form (full width, ligatures) make no difference.
 */

/** A piece of text that terms are made of, and where it stands. */
export interface Token {
  readonly start: number
  readonly end: number
  /** The folded word, or the folded units of a run. */
  readonly word: string | readonly string[]
}

/** What longer words are cut to: no language has longer ones, and keys and hashes are found by their beginning. */
const wordCharacters = 64

/**
 * As many marks as a character keeps, and more than any script puts on one: so many the stream-safe text format has.
 * Normal forms sort them, which takes time by the square of their number. https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
 */
const excessMarks = /(?<kept>\p{M}{30})\p{M}+/gu

/** The same as a regular expression of Postgres, which knows no classes of characters by their properties. */
export function excessMarksSql(): string {
  let marks = ''
  let first: number | undefined
  for (let code = 0x300; code <= 0x1ffff; code += 1) {
    const isMark = /\p{M}/u.test(String.fromCodePoint(code))
    if (isMark) first ??= code
    else if (first !== undefined) {
      marks += `${String.fromCodePoint(first)}-${String.fromCodePoint(code - 1)}`
      first = undefined
    }
  }
  return `([${marks}]{30})[${marks}]+`
}

/** What units are cut to, before and after their letters are taken apart; a term has to fit into 2 KB. */
const unitCharacters = 32

const runScripts = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Thai', 'Lao', 'Khmer', 'Myanmar']
// The mark of long vowels belongs to two scripts, and so to neither; the half-width ones are marks that stand alone.
const runCharacter = `[${runScripts.map((script) => `\\p{Script=${script}}`).join('')}ーｰ]`
const unitText = `${runCharacter}[\\p{M}ﾞﾟ]*`
const token = new RegExp(
  `(?<run>(?:${unitText})+)|(?:(?!${runCharacter})[\\p{L}\\p{N}]\\p{M}*)+|\\p{Extended_Pictographic}`,
  'gu',
)
const unit = new RegExp(unitText, 'gu')
const asciiToken = /[a-z\d]+/g
const isAscii = /^[\0-\x7f]*$/

/** The text in the form that tokens' places refer to. */
export function toSearchForm(text: string): string {
  return isAscii.test(text) ? text : text.replace(excessMarks, '$<kept>').normalize('NFC')
}

/** The tokens of a text in search form. */
export function* tokensOf(text: string): Generator<Token> {
  if (isAscii.test(text)) {
    for (const { 0: word, index } of text.toLowerCase().matchAll(asciiToken)) {
      yield { start: index, end: index + word.length, word: word.slice(0, wordCharacters) }
    }
    return
  }
  for (const { 0: found, index, groups } of text.matchAll(token)) {
    const place = { start: index, end: index + found.length }
    if (groups?.['run'] === undefined) {
      const word = foldWord(found)
      if (word) yield { ...place, word }
    } else {
      yield { ...place, word: unitsOf(found) }
    }
  }
}

/** Where each unit of a run begins in the text, and where the last one ends. */
export function unitPlaces(text: string, start: number, end: number): number[] {
  return [...Array.from(text.slice(start, end).matchAll(unit), ({ index }) => start + index), end]
}

/** The terms of a run: each pair of neighbours, and the last unit alone, which begins no pair. */
export function termsOfRun(units: readonly string[]): string[] {
  return units.map((first, at) => first + (units[at + 1] ?? ''))
}

function unitsOf(run: string): string[] {
  return Array.from(run.matchAll(unit), ([found]) => foldRun(found))
}

function foldWord(word: string): string {
  if (isAscii.test(word)) return word.toLowerCase().slice(0, wordCharacters)
  const folded = word
    // With all the marks that its letters may keep.
    .slice(0, wordCharacters * 32)
    .normalize('NFKD')
    .toLowerCase()
    // Accents, but for the breve of й, which is another letter than и.
    .replace(/[\u0300-\u0305\u0307-\u036f]|(?<!\u0438)\u0306/gu, '')
    // The sigma at the end of a word.
    .replaceAll('ς', 'σ')
    // What the normal form brings with it: ½ is 1⁄2.
    .replace(/[^\p{L}\p{N}\p{M}\p{Extended_Pictographic}]/gu, '')
    // In one piece again, so that и does not begin й.
    .normalize('NFC')
  return Array.from(folded).slice(0, wordCharacters).join('')
}

/** Syllables of Korean fall apart into their letters, so that one that is still being typed begins the whole one. */
function foldRun(units: string): string {
  return cut(cut(units).normalize('NFKD'))
}

function cut(text: string): string {
  return text.length <= unitCharacters
    ? text
    : Array.from(text.slice(0, 2 * unitCharacters))
        .slice(0, unitCharacters)
        .join('')
}
