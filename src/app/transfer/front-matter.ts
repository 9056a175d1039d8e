/**
 * The block of fields that a Markdown file may begin with. What is written is YAML of the simplest kind, each value a string
 * in JSON's quotes or `null`; what is read is that, and strings with other quotes or none. A block with anything else is
 * left in the text, so that nothing of it is lost.
 */

/** A file's fields, and the text after them. */
export interface FrontMatter {
  readonly fields: ReadonlyMap<string, string | null>
  readonly body: string
}

const field = /^([\w.]+): *("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'[\]{}>|*&!%#`@,-][^#]*|)$/

/** Writes fields before a text. */
export function writeFrontMatter(fields: Iterable<readonly [string, string | null]>, body: string): string {
  const lines = Array.from(fields, ([name, value]) => `${name}: ${quote(value)}\n`)
  return `---\n${lines.join('')}---\n${body}`
}

/** Reads the fields of a text; undefined when it has none, or others than these. */
export function readFrontMatter(text: string): FrontMatter | undefined {
  const block = /^\ufeff?---\r?\n((?:[^\n]*\n)*?)---(?:\r?\n|$)/.exec(text)
  if (!block) return undefined
  const fields = new Map<string, string | null>()
  for (const line of (block[1] ?? '').split(/\r?\n/)) {
    if (line === '') continue
    const [, name, written] = field.exec(line) ?? []
    const value = written === undefined ? undefined : readValue(written.trim())
    if (name === undefined || value === undefined) return undefined
    fields.set(name, value)
  }
  return { fields, body: text.slice(block[0].length) }
}

/** JSON, with what YAML wants escaped on top. */
function quote(value: string | null): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function readValue(written: string): string | null | undefined {
  if (written === '' || written === 'null' || written === '~') return null
  if (written.startsWith("'")) return written.slice(1, -1).replaceAll("''", "'")
  if (!written.startsWith('"')) return written
  try {
    return String(JSON.parse(written))
  } catch {
    // Escapes that YAML has and JSON has not.
    return undefined
  }
}
