/** Gets hold of Emscripten's file system in memory, which PGlite's frontend keeps to itself. */
import type { MemfsFrontendFS } from '@electric-sql/pglite/memfs-frontend'

/** A file or directory. */
export interface MemfsNode {
  readonly mode: number
  readonly usedBytes: number
  /** The memory of a file, often more than is used of it. */
  readonly contents: Uint8Array
}

/** What is used of the module. Its own calls go through these very properties, so replacing one reaches every path. */
export interface MemfsModule {
  readonly FS: { isFile(mode: number): boolean; getPath(node: MemfsNode): string }
  readonly MEMFS: {
    /** Makes the memory of a file at least so large. */
    expandFileStorage: (node: MemfsNode, bytes: number) => void
    readonly ops_table: {
      readonly file: { readonly node: { setattr: (node: MemfsNode, attributes: { readonly size?: number }) => void } }
    }
  }
}

/**
 * Calls `hook` when the module is there and has not begun.
 *
 * @param fs - A frontend that has not been handed to PGlite yet.
 */
export function hookMemfs(fs: MemfsFrontendFS, hook: (module: MemfsModule) => void): void {
  const init = fs.init.bind(fs)
  fs.init = async (pg, options) => {
    const { emscriptenOpts } = await init(pg, options)
    const run = (module: unknown): void => {
      if (!isMemfsModule(module))
        throw new Error('This release of PGlite has another file system; see docs/storage.md.')
      hook(module)
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), run] } }
  }
}

function isMemfsModule(module: unknown): module is MemfsModule {
  const at = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  const fs = at(module, 'FS')
  const memfs = at(module, 'MEMFS')
  const operations = at(at(at(memfs, 'ops_table'), 'file'), 'node')
  const parts = [at(fs, 'isFile'), at(fs, 'getPath'), at(memfs, 'expandFileStorage'), at(operations, 'setattr')]
  return parts.every((part) => typeof part === 'function')
}
