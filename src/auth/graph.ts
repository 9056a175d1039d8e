/** Walks over things that lead to others. */

/** Everything that the first lead to, themselves included. */
export function closureOf<T>(first: Iterable<T>, nextOf: (value: T) => readonly T[]): Set<T> {
  const all = new Set(first)
  // A set is walked over with what is added meanwhile.
  for (const value of all) for (const next of nextOf(value)) all.add(next)
  return all
}

/** What leads to each. */
export function invert<T>(values: readonly T[], nextOf: (value: T) => readonly T[]): Map<T, T[]> {
  const before = new Map<T, T[]>()
  for (const value of values) {
    for (const next of nextOf(value)) {
      const group = before.get(next)
      if (group) group.push(value)
      else before.set(next, [value])
    }
  }
  return before
}

/** Values by a key. */
export function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}
