/** The notes of the workload: sections of README files; when there are no more, the same ones with other words in them. */

/** One note, as each peer stores it. */
export interface BenchNote {
  readonly id: string
  readonly title: string
  readonly content: string
  readonly collectionId: string
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** The collection all notes are in. */
export const collectionId = '01987000-0000-7000-8000-000000000000'

const oldest = Date.UTC(2025, 0, 1)
/** Longer sections are cut, at the end of a line. */
const sectionCharacters = 2000
/** When a section comes again, one word of so many is another one. */
const changedOf = 6

/** Gives the notes from one place in the order of creation up to another, one by one. */
export type NoteMaker = (from: number, to: number) => Generator<BenchNote>

/** Prepares the notes; the same texts give the same ones. */
export function createNoteMaker(readmes: readonly string[]): NoteMaker {
  const sections = readmes.flatMap(cutIntoSections)
  const vocabulary = sections.flatMap(({ content }) => content.match(wordPattern)?.slice(0, 20) ?? [])
  return function* (from, to) {
    for (let at = from; at < to; at += 1) {
      const section = sections[at % sections.length]
      if (!section) throw new Error('There are no README files. Run "npm ci".')
      const pass = Math.floor(at / sections.length)
      const time = new Date(oldest + at * 60_000)
      yield {
        id: noteId(at),
        title: pass === 0 ? section.title : `${section.title} (${pass + 1})`,
        content: pass === 0 ? section.content : withOtherWords(section.content, at, vocabulary),
        collectionId,
        createdAt: time,
        updatedAt: time,
      }
    }
  }
}

/** The key of a note: a UUID of version 7, in the order of creation. */
function noteId(at: number): string {
  const time = (oldest + at * 60_000).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${at.toString(16).padStart(12, '0')}`
}

const wordPattern = /[\p{L}]{4,}/gu

function cutIntoSections(readme: string): { title: string; content: string }[] {
  const sections: { title: string; content: string }[] = []
  for (const part of readme.split(/\n(?=#{1,3} )/)) {
    const title = (/^#{1,3} (.*)/.exec(part)?.[1] ?? part.slice(0, 60)).trim().slice(0, 200)
    let content = ''
    for (const line of part.split('\n')) {
      content += `${line.slice(0, sectionCharacters)}\n`
      if (content.length < sectionCharacters) continue
      sections.push({ title, content })
      content = ''
    }
    if (content.trim()) sections.push({ title, content })
  }
  return sections
}

function withOtherWords(content: string, seed: number, vocabulary: readonly string[]): string {
  let state = seed
  return content.replace(wordPattern, (word) => {
    // A linear congruential generator; the constants are those of Numerical Recipes.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const share = state / 2 ** 32
    return share * changedOf < 1 ? (vocabulary[Math.floor(share * changedOf * vocabulary.length)] ?? word) : word
  })
}
