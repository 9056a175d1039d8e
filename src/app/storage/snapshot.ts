/** The first content of a new database: a data directory that was initialised and migrated when the package was built. */
import type { StorageEntry } from '@electric-sql/pglite/memfs-frontend'
import { loadCode } from '../../internal/load-code.ts'
import type { StoreSeed } from './block-store-types.ts'
import { blockBytes } from './format.ts'
import { freshIdentity } from './fresh-identity.ts'
import type { IdentityLayout } from './fresh-identity.ts'
import { createTar } from './tar.ts'

/** What the build puts into the package. */
export interface SnapshotData {
  /** The hashes of the migrations that were applied, in their order. */
  readonly migrationHashes: readonly string[]
  readonly identity: IdentityLayout
  readonly directories: readonly string[]
  /** Path, bytes and stride of each file, in the order of the archive. */
  readonly files: readonly (readonly [path: string, size: number, stride: number])[]
  /** The files one after the other, deflated, in base64: a module is what every bundler and host delivers. */
  readonly archive: string
}

/**
 * Unpacks the shipped snapshot with an identity of its own.
 *
 * @param migrationHashes - The migrations a new database must have; with any others the snapshot is of no use.
 * @returns Nothing when it does not fit or cannot be had: the database is then initialised the long way.
 */
export function loadSnapshot(migrationHashes: readonly (string | undefined)[]): Promise<StoreSeed | undefined> {
  // Not built, not fetched, or a browser without DecompressionStream: slower, but no reason to fail.
  return load(migrationHashes, unpackFiles).catch(() => undefined)
}

/**
 * The same for whoever cannot do without.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE` when it cannot be fetched, and what a browser throws that cannot unpack it.
 */
export function requireSnapshot(migrationHashes: readonly (string | undefined)[]): Promise<StoreSeed | undefined> {
  return load(migrationHashes, unpackFiles)
}

/** The same as a tar archive, which PGlite loads by itself. */
export async function loadSnapshotArchive(migrationHashes: readonly (string | undefined)[]): Promise<Blob | undefined> {
  const seed = await load(migrationHashes, unpackOnce).catch(() => undefined)
  return seed && createTar(seed.entries)
}

async function load(
  migrationHashes: readonly (string | undefined)[],
  unpack: (data: SnapshotData) => Promise<StorageEntry[]>,
): Promise<StoreSeed | undefined> {
  const { snapshotData } = await loadCode(() => import('./snapshot-data.generated.js'))
  const fits =
    snapshotData.migrationHashes.length === migrationHashes.length &&
    snapshotData.migrationHashes.every((hash, at) => hash === migrationHashes[at])
  if (!fits) return undefined
  const entries = await unpack(snapshotData)
  freshIdentity(entries, snapshotData.identity)
  return { origin: 'snapshot', entries }
}

/** 7.6 MB. Whoever opens a database outside of a browser's storage opens many, as tests do. */
let unpacked: Promise<StorageEntry[]> | undefined

async function unpackOnce(data: SnapshotData): Promise<StorageEntry[]> {
  unpacked ??= unpackFiles(data)
  // Each database gets an identity of its own.
  return (await unpacked).map((entry) => (entry.kind === 'dir' ? entry : { ...entry, data: entry.data.slice() }))
}

async function unpackFiles({ archive, directories, files }: SnapshotData): Promise<StorageEntry[]> {
  const bytes = await inflate(archive)
  const entries: StorageEntry[] = directories.map((path) => ({ kind: 'dir', path }))
  let at = 0
  for (const [path, size, stride] of files) {
    entries.push({ kind: 'file', path, data: weave(bytes.subarray(at, at + size), stride) })
    at += size
  }
  return entries
}

async function inflate(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = atob(base64)
  const deflated = new Uint8Array(text.length)
  // A mapping `Uint8Array.from` takes ten times as long.
  for (let at = 0; at < text.length; at += 1) deflated[at] = text.charCodeAt(at)
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/**
 * Puts a file's bytes back in order. In the archive the bytes of each page are sorted by their position modulo `stride`:
 * neighbouring index entries differ in one byte of eight, and deflate finds what repeats only when it is side by side.
 */
export function weave(sorted: Uint8Array, stride: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sorted.length)
  for (let page = 0; page < sorted.length; page += blockBytes) {
    const end = Math.min(page + blockBytes, sorted.length)
    let from = page
    for (let lane = 0; lane < stride; lane += 1) {
      for (let to = page + lane; to < end; to += stride) bytes[to] = sorted[from++] ?? 0
    }
  }
  return bytes
}

/** The reverse of {@link weave}, for the build. */
export function unweave(bytes: Uint8Array, stride: number): Uint8Array<ArrayBuffer> {
  const sorted = new Uint8Array(bytes.length)
  for (let page = 0; page < bytes.length; page += blockBytes) {
    const end = Math.min(page + blockBytes, bytes.length)
    let to = page
    for (let lane = 0; lane < stride; lane += 1) {
      for (let from = page + lane; from < end; from += stride) sorted[to++] = bytes[from] ?? 0
    }
  }
  return sorted
}
