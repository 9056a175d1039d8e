/** Names that every file system takes. */

/** As many characters of a title as leave room for a number and an extension in 255 bytes of UTF-8. */
const nameCharacters = 60

/** Gives out names, no two alike in a folder whose file system does not tell upper from lower case. */
export function createNames(taken: readonly string[]): (title: string) => string {
  const used = new Set(taken)
  const nextNumber = new Map<string, number>()
  return (title) => {
    const name = toFileName(title)
    let unique = name
    for (let number = nextNumber.get(key(name)) ?? 2; used.has(key(unique)); number += 1) {
      unique = `${name} ${number}`
      nextNumber.set(key(name), number + 1)
    }
    used.add(key(unique))
    return unique
  }
}

function key(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function toFileName(title: string): string {
  const name = Array.from(title.replace(/[\p{C}\p{Zl}\p{Zp}/\\:*?"<>|]+/gu, ' ').trim())
    .slice(0, nameCharacters)
    .join('')
    // Windows drops dots and spaces at the end, and hides files that begin with a dot elsewhere.
    .replace(/^[.\s]+|[.\s]+$/g, '')
  if (name === '') return 'untitled'
  return /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(name) ? `${name}_` : name
}
