/** What the literals and the quoted names of a statement stand for. */

/** The text that a literal of any kind stands for. */
export function contentOfLiteral(literal: string): string {
  const tag = /^\$[^$]*\$/.exec(literal)?.[0]
  if (tag !== undefined) return literal.slice(tag.length, literal.endsWith(tag) ? -tag.length : undefined)
  const open = literal.indexOf("'")
  if (open < 0) return literal
  const inner = literal
    .slice(open + 1, literal.endsWith("'") ? -1 : undefined)
    // A text that goes on in a later line.
    .replace(/(?<!')'(?=[ \t]*(?:--[^\r\n]*)?[\r\n])(?:\s|--[^\r\n]*)*'/g, '')
    .replaceAll("''", "'")
  const prefix = literal.slice(0, open).toLowerCase()
  if (prefix === 'e') return inner.replace(escape, decodeEscape)
  return prefix === 'u&' ? decodeUnicode(inner, '\\') : inner
}

/** A character by its number, in hexadecimal or octal digits, or by a letter, or itself. */
const escape = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))/gs

function decodeEscape(whole: string, ...groups: readonly (string | undefined)[]): string {
  const [x, u, large, octal, character = ''] = groups
  const hex = x ?? u ?? large
  if (hex === undefined && octal === undefined) return escapes[character] ?? character
  const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/**
 * The name that `U&"…"` stands for.
 *
 * @param escape - What `uescape` says, in place of the backslash.
 */
export function decodeName(name: string, escape = '\\'): string {
  return decodeUnicode(
    name.slice(name.indexOf('"') + 1, name.endsWith('"') ? -1 : undefined).replaceAll('""', '"'),
    escape,
  )
}

/** Four digits, or six behind a plus; twice the character that escapes stands for itself. */
function decodeUnicode(text: string, escape: string): string {
  const [first = '', ...rest] = text.split(escape)
  let decoded = first
  let isEscaped = true
  for (const part of rest) {
    const digits = isEscaped ? /^(?:\+([0-9a-f]{6})|([0-9a-f]{4}))/i.exec(part) : null
    const code = parseInt(digits?.[1] ?? digits?.[2] ?? '', 16)
    if (digits && code <= 0x10ffff) decoded += String.fromCodePoint(code) + part.slice(digits[0].length)
    else decoded += part === '' && isEscaped ? escape : part
    isEscaped = part !== '' || !isEscaped
  }
  return decoded
}
