/** Names the table of a file without Postgres, from the pages of its catalog. */
import { blockBytes } from './format.ts'
import type { StoredFiles } from './replay.ts'

/** The number of `pg_class`. Its file has another one once it was rewritten, which stands in the map beside it. */
const pgClass = 1259
const mapMark = 0x592717
const mapEntryBytes = 8

// A page begins with 24 bytes, of which the one at 12 tells where its line pointers end; one has 4 bytes.
const pointersEndAt = 12
const pointersAt = 24
const isNormal = 1
// A tuple tells at 22 where its columns begin: oid, relname (64 bytes), five more of 4 bytes, relfilenode.
const columnsStartAt = 22
const nameAt = 4
const nameBytes = 64
const fileNumberAt = nameAt + nameBytes + 5 * 4

/** A table or index, as the catalog has it. */
export interface TableClass {
  readonly oid: number
  readonly name: string
  readonly fileNumber: number
  /** Its first file, from the data directory. */
  readonly path: string
}

/** Gives the table or index that a path is a file of. */
export function readTableNames(files: StoredFiles): (path: string) => string | undefined {
  const namesByPath = new Map<string, string>()
  const namesByTable = new Map<number, string>()
  for (const { oid, name, path } of readClasses(files)) {
    namesByTable.set(oid, name)
    namesByPath.set(path, name)
  }
  return (path) => {
    const name = namesByPath.get(path.replace(/(_fsm|_vm|_init)?(\.\d+)?$/, ''))
    // What is too long for a table lies in one that is named after its number.
    const [, owner] = /^pg_toast_(\d+)(?:_index)?$/.exec(name ?? '') ?? []
    return owner === undefined ? name : (namesByTable.get(Number(owner)) ?? name)
  }
}

/**
 * Every table and index, those that are gone or were rewritten included.
 *
 * @param catalogFile - The number of the catalog's file where the map is lost that tells it.
 */
export function* readClasses(files: StoredFiles, catalogFile = pgClass): Generator<TableClass> {
  for (const [folder, entry] of files) {
    if (entry !== 'dir' || !/^\/base\/\d+$/.test(folder)) continue
    const bytes = files.get(`${folder}/${readCatalogFile(files, folder) ?? catalogFile}`)
    if (bytes === undefined || bytes === 'dir') continue
    for (const found of readTuples(bytes)) yield { ...found, path: `${folder}/${found.fileNumber}` }
  }
}

/** The number of the file that holds `pg_class`: a map is a mark, how many pairs there are, and those. */
export function readCatalogFile(files: StoredFiles, folder: string): number | undefined {
  const map = files.get(`${folder}/pg_filenode.map`)
  if (map === undefined || map === 'dir') return undefined
  const view = new DataView(map.buffer, map.byteOffset, map.byteLength)
  if (map.length < mapEntryBytes || view.getUint32(0, true) !== mapMark) return undefined
  for (let at = mapEntryBytes; at + mapEntryBytes <= map.length; at += mapEntryBytes) {
    if (view.getUint32(at, true) === pgClass) return view.getUint32(at + 4, true)
  }
  return undefined
}

function* readTuples(bytes: Uint8Array): Generator<Omit<TableClass, 'path'>> {
  for (let page = 0; page + blockBytes <= bytes.length; page += blockBytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + page, blockBytes)
    const pointersEnd = Math.min(view.getUint16(pointersEndAt, true), blockBytes)
    for (let pointer = pointersAt; pointer + 4 <= pointersEnd; pointer += 4) {
      const line = view.getUint32(pointer, true)
      const [offset, state, length] = [line & 0x7fff, (line >>> 15) & 3, line >>> 17]
      if (state !== isNormal || length <= columnsStartAt || offset + length > blockBytes) continue
      const columns = offset + view.getUint8(offset + columnsStartAt)
      if (columns + fileNumberAt + 4 > blockBytes) continue
      const text = new Uint8Array(view.buffer, view.byteOffset + columns + nameAt, nameBytes)
      const end = text.indexOf(0)
      const name = new TextDecoder().decode(text.subarray(0, end < 0 ? nameBytes : end))
      yield { oid: view.getUint32(columns, true), name, fileNumber: view.getUint32(columns + fileNumberAt, true) }
    }
  }
}
