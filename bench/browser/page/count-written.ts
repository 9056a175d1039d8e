/** Counts the bytes that code hands to the browser's storage, by wrapping the functions it does that with. */

/**
 * Wraps IndexedDB and OPFS of this page or worker for good, so it is called when all times have been taken.
 *
 * @returns How many bytes were handed over since.
 */
export function countWrittenBytes(): () => number {
  let bytes = 0
  for (const method of ['put', 'add']) {
    wrap(IDBObjectStore.prototype, method, (args) => (bytes += sizeOf(args[0]) + sizeOf(args[1])))
  }
  // Workers alone have it.
  const handle: unknown = Reflect.get(globalThis, 'FileSystemSyncAccessHandle')
  if (typeof handle === 'function') {
    wrap(handle.prototype as object, 'write', (args) => (bytes += sizeOf(args[0])))
  }
  return () => bytes
}

/** Calls `before` with the arguments of each call of a method. */
function wrap(prototype: object, method: string, before: (args: readonly unknown[]) => void): void {
  const original = Reflect.get(prototype, method) as (...args: unknown[]) => unknown
  Reflect.set(prototype, method, function (this: unknown, ...args: unknown[]) {
    before(args)
    return original.apply(this, args)
  })
}

/** About what a structured clone takes: the bytes of buffers and text, eight for anything else. */
function sizeOf(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'string') return new TextEncoder().encode(value).length
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength
  if (typeof value !== 'object' || value === null || value instanceof Date) return 8
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 0)
  return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + sizeOf(item), 0)
}
