/** PGlite's real in-memory file system over a block store, without a Postgres in it. */
import { PGlite } from '@electric-sql/pglite'
import { MemfsFrontendFS } from '@electric-sql/pglite/memfs-frontend'
import type { BlockStore } from '../../../../src/app/storage/block-store-types.ts'
import { growInLargeSteps } from '../../../../src/app/storage/grow-files.ts'
import { hookMemfs } from '../../../../src/app/storage/hook-memfs.ts'
import { trackShrinking } from '../../../../src/app/storage/track-shrinking.ts'

/** The parts of Emscripten's file system the tests drive. */
export interface MemoryFiles {
  mkdir(path: string): void
  rmdir(path: string): void
  unlink(path: string): void
  rename(from: string, to: string): void
  truncate(path: string, size: number): void
  readdir(path: string): string[]
  readFile(path: string): Uint8Array
  open(path: string, flags: string): unknown
  write(stream: unknown, data: Uint8Array, offset: number, length: number, at: number): number
  close(stream: unknown): void
  stat(path: string): { mode: number; size: number }
  isDir(mode: number): boolean
}

/** The data directory, as PGlite mounts it. */
export const root = '/pglite/data'

/** A mounted file system. */
export interface MountedFiles {
  readonly files: MemoryFiles
  /** What PGlite does after each query. */
  sync(): Promise<void>
}

/** Mounts a store. */
export async function mountStore(store: BlockStore): Promise<MountedFiles> {
  const fs = new MemfsFrontendFS(store)
  hookMemfs(fs, (module) => {
    trackShrinking(module, (path, size) => store.noteShrink(path, size))
    growInLargeSteps(module)
  })
  const pglite = await PGlite.create({ fs, noInitDb: true })
  const files = pglite.Module.FS as unknown as MemoryFiles // PGlite does not export Emscripten's types.
  return { files, sync: () => fs.syncToFs() }
}

/** Writes a file of the data directory: a text, or so many bytes. */
export function putFile(files: MemoryFiles, path: string, content: number | string): void {
  const data = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content).fill(7)
  const stream = files.open(`${root}/${path}`, 'w+')
  files.write(stream, data, 0, data.length, 0)
  files.close(stream)
}

/** Writes the files without which a store is not taken for a database. */
export function putDatabase(files: MemoryFiles): void {
  putFile(files, 'PG_VERSION', '18\n')
  files.mkdir(`${root}/global`)
  putFile(files, 'global/pg_control', 1)
}

/** Every path below a directory, with a file's bytes. */
export function listFiles(files: MemoryFiles, directory = root): Map<string, Uint8Array | 'dir'> {
  const found = new Map<string, Uint8Array | 'dir'>()
  for (const name of files.readdir(directory)) {
    if (name === '.' || name === '..') continue
    const path = `${directory}/${name}`
    if (files.isDir(files.stat(path).mode)) {
      found.set(path.slice(root.length), 'dir')
      for (const [inner, bytes] of listFiles(files, path)) found.set(inner, bytes)
    } else found.set(path.slice(root.length), files.readFile(path))
  }
  return found
}

/** Every path a store gives back when it is opened anew. */
export async function listStore(store: BlockStore): Promise<Map<string, Uint8Array | 'dir'>> {
  const found = new Map<string, Uint8Array | 'dir'>()
  for await (const entry of store.load()) found.set(entry.path, entry.kind === 'dir' ? 'dir' : entry.data)
  return found
}

/** The first difference between two lists, in words, or nothing. */
export function difference(
  memory: ReadonlyMap<string, Uint8Array | 'dir'>,
  stored: ReadonlyMap<string, Uint8Array | 'dir'>,
): string | undefined {
  for (const [path, expected] of memory) {
    const actual = stored.get(path)
    if (actual === undefined) return `${path} is missing`
    if (expected === 'dir' || actual === 'dir') {
      if (expected !== actual) return `${path} is of another kind`
      continue
    }
    if (expected.length !== actual.length) return `${path} has ${actual.length} bytes instead of ${expected.length}`
    const at = expected.findIndex((byte, index) => byte !== actual[index])
    if (at >= 0) return `${path} differs at byte ${at}: ${actual[at]} instead of ${expected[at]}`
  }
  for (const path of stored.keys()) if (!memory.has(path)) return `${path} should not be there`
  return undefined
}
