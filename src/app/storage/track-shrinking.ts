/** Fills the one gap in what PGlite's frontend reports: a file that was cut and grew again between two flushes. */
import type { MemfsFrontendFS } from '@electric-sql/pglite/memfs-frontend'

/** The directory Postgres works in. */
const dataRoot = '/pglite/data'

/** Hears of every file that gets smaller, under its path from the data directory. */
export type ShrinkListener = (path: string, size: number) => void

/**
 * Reports cuts of files. The frontend only tells a file's size at the time of the flush, so the zeros between a cut and
 * a later write would be lost, and what stood there before would come back.
 *
 * @param fs - A frontend that has not been handed to PGlite yet.
 */
export function trackShrinking(fs: MemfsFrontendFS, onShrink: ShrinkListener): void {
  const init = fs.init.bind(fs)
  fs.init = async (pg, options) => {
    const { emscriptenOpts } = await init(pg, options)
    const hook = (module: unknown): void => hookMemfs(module, onShrink)
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), hook] } }
  }
}

function hookMemfs(module: unknown, onShrink: ShrinkListener): void {
  if (!isMemfsModule(module)) throw new Error('This release of PGlite has another file system; see docs/storage.md.')
  const { FS, MEMFS } = module
  const operations = MEMFS.ops_table.file.node
  const { setattr } = operations
  // The frontend calls this very function object's property from its own wrapper, so replacing it reaches every path.
  operations.setattr = (node, attributes) => {
    if (attributes.size !== undefined && FS.isFile(node.mode) && attributes.size < node.usedBytes) {
      const path = FS.getPath(node)
      if (path.startsWith(`${dataRoot}/`)) onShrink(path.slice(dataRoot.length), attributes.size)
    }
    setattr(node, attributes)
  }
}

interface MemfsNode {
  readonly mode: number
  readonly usedBytes: number
}

interface MemfsModule {
  readonly FS: { isFile(mode: number): boolean; getPath(node: MemfsNode): string }
  readonly MEMFS: {
    readonly ops_table: {
      readonly file: { readonly node: { setattr: (node: MemfsNode, attributes: { readonly size?: number }) => void } }
    }
  }
}

function isMemfsModule(module: unknown): module is MemfsModule {
  const at = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  const fs = at(module, 'FS')
  const operations = at(at(at(at(module, 'MEMFS'), 'ops_table'), 'file'), 'node')
  return [at(fs, 'isFile'), at(fs, 'getPath'), at(operations, 'setattr')].every((part) => typeof part === 'function')
}
