/** Tells what is damaged in a store, by the names of files and tables and never by what is in them. */
import { TypystDbError } from '../../errors.ts'
import type { StoredFiles } from './replay.ts'
import { readTableNames } from './table-names.ts'

/** Something that is not what was stored. */
export interface Damage {
  /** In words that follow "The stored database has". */
  readonly what: string
  /** The file it belongs to, from the data directory. */
  readonly path?: string
  /** Whether what was changed last is concerned, so that the files are those of an earlier moment. */
  readonly isLatest?: true
}

/** Files that are named in a message; more of them are counted. */
const namedFiles = 3

/** The error for a store that must not reach Postgres. */
export function damagedStore(what: string, table?: string): TypystDbError {
  return new TypystDbError(
    'STORAGE_DAMAGED',
    `The stored database ${what} and is left untouched. Save every row that can still be read with salvage(), or its raw bytes with exportRaw(), then delete it.`,
    { table },
  )
}

/**
 * The error for what a reading found.
 *
 * @param files - As they were read; the catalog in them gives the names of tables.
 */
export function damagesFound(damages: readonly Damage[], files: StoredFiles): TypystDbError {
  const tables = tablesOf(damages, files)
  const places = [...new Set(damages.flatMap(({ path }) => path ?? []))]
  const parts = [...new Set(damages.filter(({ path }) => path === undefined).map(({ what }) => what))]
  if (places.length > 0) {
    const named = places.slice(0, namedFiles).join(', ')
    const others = places.length > namedFiles ? ` and ${places.length - namedFiles} more` : ''
    const of = tables.length > 0 ? ` of ${tables.map((table) => `"${table}"`).join(', ')}` : ''
    parts.push(`changed bytes in ${named}${others}${of}`)
  }
  return damagedStore(`is damaged: it has ${parts.join('; ')}`, tables.length === 1 ? tables[0] : undefined)
}

/** The tables and indexes whose files are damaged, as far as the catalog can be read. */
export function tablesOf(damages: readonly Damage[], files: StoredFiles): string[] {
  const names = readTableNames(files)
  return [...new Set(damages.flatMap(({ path }) => (path === undefined ? [] : (names(path) ?? []))))]
}
