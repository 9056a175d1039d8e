/** Names the table of a file without Postgres, from the pages of its catalog. */
import { blockBytes } from './format.ts'
import type { StoredFiles } from './replay.ts'

/** `pg_class` has this number in every database, until it is rewritten, which only `vacuum full` does. */
const pgClass = 1259

// A page begins with 24 bytes, of which the one at 12 tells where its line pointers end; one has 4 bytes.
const pointersEndAt = 12
const pointersAt = 24
const isNormal = 1
// A tuple tells at 22 where its columns begin: oid, relname (64 bytes), five more of 4 bytes, relfilenode.
const columnsStartAt = 22
const nameAt = 4
const nameBytes = 64
const fileNumberAt = nameAt + nameBytes + 5 * 4

/** Gives the table or index that a path is a file of. */
export function readTableNames(files: StoredFiles): (path: string) => string | undefined {
  const namesByFile = new Map<string, string>()
  const namesByTable = new Map<number, string>()
  for (const [path, bytes] of files) {
    const [, folder] = new RegExp(`^(/base/\\d+/)${pgClass}$`).exec(path) ?? []
    if (folder === undefined || bytes === 'dir') continue
    for (const { oid, name, fileNumber } of readClasses(bytes)) {
      namesByTable.set(oid, name)
      namesByFile.set(`${folder}${fileNumber}`, name)
    }
  }
  return (path) => {
    const name = namesByFile.get(path.replace(/(_fsm|_vm|_init)?(\.\d+)?$/, ''))
    // What is too long for a table lies in one that is named after its number.
    const [, owner] = /^pg_toast_(\d+)(?:_index)?$/.exec(name ?? '') ?? []
    return owner === undefined ? name : (namesByTable.get(Number(owner)) ?? name)
  }
}

function* readClasses(
  bytes: Uint8Array,
): Generator<{ readonly oid: number; readonly name: string; readonly fileNumber: number }> {
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
