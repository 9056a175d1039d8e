/** Reads an array as Postgres writes it. Drizzle's own reads a missing element as the text `NULL`. */

/** An element: a text, none, or an array of them. */
export type ArrayElement = string | null | ArrayElement[]

/** Reads `{a,"b \"c\"",NULL,{d}}`; bounds in front, such as `[0:1]=`, are left out, as Drizzle leaves them out. */
export function parseArrayText(text: string): ArrayElement[] {
  let at = text.indexOf('{')
  const readQuoted = (): string => {
    let element = ''
    for (at += 1; at < text.length && text.charAt(at) !== '"'; at += 1) {
      if (text.charAt(at) === '\\') at += 1
      element += text.charAt(at)
    }
    at += 1
    return element
  }
  const readPlain = (): string | null => {
    const start = at
    while (at < text.length && !',}'.includes(text.charAt(at))) at += 1
    const element = text.slice(start, at)
    return element === 'NULL' ? null : element
  }
  const readArray = (): ArrayElement[] => {
    const elements: ArrayElement[] = []
    at += 1
    while (at < text.length && text.charAt(at) !== '}') {
      const first = text.charAt(at)
      if (first === ',') at += 1
      else elements.push(first === '{' ? readArray() : first === '"' ? readQuoted() : readPlain())
    }
    at += 1
    return elements
  }
  return at < 0 ? [] : readArray()
}
