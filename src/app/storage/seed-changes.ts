/** What a new store starts with, in the form every other change has. */
import type { StoreSeed } from './block-store-types.ts'
import type { PendingChanges } from './plan-flush.ts'

/** A seed as the change set of one flush. */
export function seedChanges({ entries }: StoreSeed): PendingChanges {
  const data = entries.flatMap((entry) => {
    if (entry.kind === 'dir') return []
    const { path, data } = entry
    return [{ path, size: data.length, full: true, truncate: true, chunks: [{ at: 0, data }] }]
  })
  const ops = entries.flatMap(({ kind, path }) => (kind === 'dir' ? [{ op: 'mkdir' as const, path }] : []))
  return { changes: { ops, files: { wal: [], data, control: [] } }, smallestSizes: new Map() }
}
