/** Fills the one gap in what PGlite's frontend reports: a file that was cut and grew again between two flushes. */
import type { MemfsModule } from './hook-memfs.ts'

/** The directory Postgres works in. */
const dataRoot = '/pglite/data'

/** Hears of every file that gets smaller, under its path from the data directory. */
export type ShrinkListener = (path: string, size: number) => void

/**
 * Reports cuts of files. The frontend only tells a file's size at the time of the flush, so the zeros between a cut and
 * a later write would be lost, and what stood there before would come back.
 */
export function trackShrinking({ FS, MEMFS }: MemfsModule, onShrink: ShrinkListener): void {
  const operations = MEMFS.ops_table.file.node
  const { setattr } = operations
  operations.setattr = (node, attributes) => {
    if (attributes.size !== undefined && FS.isFile(node.mode) && attributes.size < node.usedBytes) {
      const path = FS.getPath(node)
      if (path.startsWith(`${dataRoot}/`)) onShrink(path.slice(dataRoot.length), attributes.size)
    }
    setattr(node, attributes)
  }
}
