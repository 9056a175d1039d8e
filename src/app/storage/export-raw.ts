/** Gets the bytes of a stored database out without starting Postgres, also when they are damaged or too new. */
import type { StorageEntry } from '@electric-sql/pglite/memfs-frontend'
import { readDamaged } from './read-damaged.ts'
import { createTar } from './tar.ts'

/** What {@link exportRaw} found. */
export interface RawExport {
  /** The data directory as a tar archive, which PGlite of the same major loads with `loadDataDir`. */
  readonly archive: Blob
  /** Who wrote it: this package, or PGlite's own `idb://`. */
  readonly source: 'typyst' | 'pglite'
  /** How many records and files are not what was stored; zero for a sound database. */
  readonly damagedRecords: number
}

/**
 * Reads a database's raw files. The database must not be open.
 *
 * @param name - The part of `idb://name` after the slashes.
 * @returns Nothing when there is no database of that name.
 */
export async function exportRaw(name: string): Promise<RawExport | undefined> {
  const contents = await readDamaged(name)
  if (!contents) return undefined
  const entries = [...contents.files].map(([path, data]): StorageEntry =>
    data === 'dir' ? { kind: 'dir', path } : { kind: 'file', path, data },
  )
  return { archive: createTar(entries), source: contents.source, damagedRecords: contents.damages.length }
}
