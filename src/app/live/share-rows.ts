/** Keeps what did not change of a query's result the same object, so that a view need not draw it again. */

/** `next` with each row and nested value that equals one of `previous` replaced by it; `previous` itself when all do. */
export function shareRows<T>(previous: T | undefined, next: T): T
export function shareRows(previous: unknown, next: unknown): unknown {
  if (Object.is(previous, next)) return previous
  if (Array.isArray(previous) && Array.isArray(next)) return shareItems(previous, next)
  if (previous instanceof Date && next instanceof Date) {
    return Object.is(previous.getTime(), next.getTime()) ? previous : next
  }
  if (isPlain(previous) && isPlain(next)) return shareFields(previous, next)
  return next
}

function shareItems(previous: readonly unknown[], next: readonly unknown[]): readonly unknown[] {
  const byId = new Map<unknown, unknown>()
  for (const item of previous) if (idOf(item) !== undefined) byId.set(idOf(item), item)
  const before = (item: unknown, at: number) => {
    const id = idOf(item)
    // Of several rows of one id, as joins give them, the one in the same place.
    return Object.is(idOf(previous[at]), id) ? previous[at] : (byId.get(id) ?? previous[at])
  }
  const shared = next.map((item, at) => shareRows(before(item, at), item))
  return previous.length === next.length && shared.every((item, at) => Object.is(item, previous[at]))
    ? previous
    : shared
}

function shareFields(previous: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> {
  const shared: Record<string, unknown> = {}
  let isSame = Object.keys(previous).length === Object.keys(next).length
  for (const [name, value] of Object.entries(next)) {
    const isKnown = Object.hasOwn(previous, name)
    const kept = isKnown ? shareRows(previous[name], value) : value
    // Assigning to a key `__proto__`, which JSON may have, would change what the row is instead of what it has.
    Object.defineProperty(shared, name, { value: kept, enumerable: true, configurable: true, writable: true })
    isSame &&= isKnown && Object.is(kept, previous[name])
  }
  return isSame ? previous : shared
}

/** What tells a row from others wherever it stands; rows without are compared with what stood in their place. */
function idOf(item: unknown): unknown {
  return isPlain(item) && Object.hasOwn(item, 'id') ? item['id'] : undefined
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
