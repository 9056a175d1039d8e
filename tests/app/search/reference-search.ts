/** What a search has to find, decided by reading every entry from beginning to end. */

const runScripts = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}ー]/u

/** Whether an entry has to be found: by each word as the beginning of one of its own, by each run anywhere. */
export function matches(query: string, title: string, content: string): boolean {
  const text = fold(`${title}\n${content}`)
  const words = piecesOf(text).filter(({ isRun }) => !isRun)
  const pieces = piecesOf(fold(query))
  return (
    pieces.length > 0 &&
    pieces.every(({ piece, isRun }) =>
      isRun ? text.includes(piece) : words.some((word) => word.piece.startsWith(piece)),
    )
  )
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u0305\u0307-\u036f]/gu, '')
    .replace(/(?<!и)\u0306/gu, '')
    .replace(/ς/gu, 'σ')
}

/** Letter by letter: a word, or a run of a script that needs no spaces. */
function piecesOf(text: string): { piece: string; isRun: boolean }[] {
  const pieces: { piece: string; isRun: boolean }[] = []
  let isInPiece = false
  for (const letter of text) {
    if (!/[\p{L}\p{N}\p{M}]/u.test(letter)) {
      isInPiece = false
      continue
    }
    const last = pieces.at(-1)
    const isRun = runScripts.test(letter)
    if (isInPiece && last && (last.isRun === isRun || /\p{M}/u.test(letter))) last.piece += letter
    else pieces.push({ piece: letter, isRun })
    isInPiece = true
  }
  return pieces.map(({ piece, isRun }) => ({ piece: isRun ? piece : piece.normalize('NFC'), isRun }))
}
