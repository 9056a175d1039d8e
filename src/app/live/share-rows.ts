/** Keeps what did not change of a query's result the same object, so that a view need not draw it again. */

/** `next` with each row and nested value that equals one of `previous` replaced by it; `previous` itself when all do. */
export function shareRows<T>(previous: T | undefined, next: T): T
export function shareRows(previous: unknown, next: unknown): unknown {
  if (Object.is(previous, next)) return previous
  if (Array.isArray(previous) && Array.isArray(next)) return shareItems(previous, next)
  if (previous instanceof Date && next instanceof Date) return previous.getTime() === next.getTime() ? previous : next
  if (isPlain(previous) && isPlain(next)) return shareFields(previous, next)
  return next
}

function shareItems(previous: readonly unknown[], next: readonly unknown[]): readonly unknown[] {
  const byId = new Map<unknown, unknown>()
  for (const item of previous) if (idOf(item) !== undefined) byId.set(idOf(item), item)
  const shared = next.map((item, at) => shareRows(byId.get(idOf(item)) ?? previous[at], item))
  return previous.length === next.length && shared.every((item, at) => item === previous[at]) ? previous : shared
}

function shareFields(previous: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> {
  const shared: Record<string, unknown> = {}
  let isSame = Object.keys(previous).length === Object.keys(next).length
  for (const [name, value] of Object.entries(next)) {
    shared[name] = shareRows(previous[name], value)
    isSame &&= Object.is(shared[name], previous[name]) && name in previous
  }
  return isSame ? previous : shared
}

/** What tells a row from others wherever it stands; rows without are compared with what stood in their place. */
function idOf(item: unknown): unknown {
  return isPlain(item) ? item['id'] : undefined
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
