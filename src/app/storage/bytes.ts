/** Looks through bytes four at a time, as every write does with whole pages: 5 to 20 times as fast as one by one. */

/** The bytes without the zeros at their end, as a copy: IndexedDB would store the whole buffer behind a view. */
export function withoutTrailingZeros(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.slice(0, filledLength(bytes))
}

/** Whether every byte is zero. */
export function isZero(bytes: Uint8Array): boolean {
  return filledLength(bytes) === 0
}

/** Where a page and a later state of it, perhaps with more behind it, differ first, and behind where they differ last. */
export function changedRange(before: Uint8Array, after: Uint8Array): [from: number, to: number] {
  const [left, right] = [toWords(before), toWords(after)]
  let from = 0
  let to = after.length
  if (left && right) {
    let [first, last] = [0, right.length]
    while (first < last && left[first] === right[first]) first += 1
    while (last > first && left[last - 1] === right[last - 1]) last -= 1
    ;[from, to] = [first * 4, last * 4]
  }
  while (from < to && before[from] === after[from]) from += 1
  while (to > from && before[to - 1] === after[to - 1]) to -= 1
  return [from, to]
}

/** How many bytes there are without the zeros at their end. */
export function filledLength(bytes: Uint8Array): number {
  const words = toWords(bytes)
  let end = bytes.length
  if (words) {
    let last = words.length
    while (last > 0 && words[last - 1] === 0) last -= 1
    end = last * 4
  }
  while (end > 0 && bytes[end - 1] === 0) end -= 1
  return end
}

/** The same memory as numbers of four bytes; none where it does not begin or end between two of them. */
function toWords({ buffer, byteOffset, length }: Uint8Array): Int32Array | undefined {
  return byteOffset % 4 === 0 && length % 4 === 0 ? new Int32Array(buffer, byteOffset, length / 4) : undefined
}

/** Whether these are bytes, also of another window's making: one that is used when the page's own has lost its storage. */
export function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return isOfKind(value, 'Uint8Array')
}

/** Whether a value is of a built-in class, whichever window's. */
export function isOfKind(value: unknown, kind: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${kind}]`
}
