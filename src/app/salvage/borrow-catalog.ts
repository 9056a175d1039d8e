/**
 * Puts the tables of a database on which Postgres does not start into a fresh one: their pages as they are, with what only
 * the old one's logs knew written into each row. That is what Postgres had on its pages at its last checkpoint.
 */
import { blockBytes } from '../storage/format.ts'
import type { StoredFiles } from '../storage/replay.ts'
import { readCatalogFile, readClasses } from '../storage/table-names.ts'
import type { TableClass } from '../storage/table-names.ts'

// A page: 24 bytes, then line pointers of 4 bytes up to the offset that stands at 12.
const pointersEndAt = 12
const pointersAt = 24
const normalPointer = 1
// A row: xmin, xmax, 8 bytes more, its own place, and two words of flags; see htup_details.h.
const xmaxAt = 4
const flagsAt = 20
const rowHeadBytes = 23
const xminCommitted = 0x0100
const xminInvalid = 0x0200
const xminFrozen = xminCommitted | xminInvalid
const xmaxCommitted = 0x0400
const xmaxInvalid = 0x0800
const xmaxIsLockOnly = 0x0080
const xmaxIsMany = 0x1000

/** What `pg_xact` keeps of a transaction, in two bits. */
const committed = 1

/**
 * Makes the files of a database that Postgres starts on.
 *
 * @param fresh - A new database with the same tables; its files are changed.
 */
export function borrowCatalog(damaged: StoredFiles, fresh: StoredFiles, tables: readonly string[]): StoredFiles {
  const isCommitted = readTransactions(damaged)
  const newClasses = [...readClasses(fresh)]
  const [folder = ''] = newClasses.map(({ path }) => path.replace(/\/\d+$/, ''))
  // A database that was made from a snapshot has its catalog where that has it.
  const oldClasses = [...readClasses(damaged, readCatalogFile(fresh, folder))]
  for (const table of tables) {
    const target = filesOf(newClasses, fresh, table)
    const source = filesOf(oldClasses, damaged, table)
    for (const kind of ['rows', 'long'] as const) {
      const to = target[kind]
      // Without a catalog that can be read, the table is where a new database has it.
      const pages = damaged.get(source[kind] ?? to ?? '')
      if (to === undefined || pages === undefined || pages === 'dir') continue
      fresh.set(to, settleRows(pages, isCommitted))
    }
  }
  return fresh
}

/** Where a table is, and what is too long for its rows. A table that was rewritten leaves older entries behind. */
function filesOf(
  classes: readonly TableClass[],
  files: StoredFiles,
  table: string,
): { readonly rows: string | undefined; readonly long: string | undefined } {
  const newest = (name: string): TableClass | undefined =>
    classes
      .filter((found) => found.name === name && files.has(found.path))
      .sort((left, right) => left.fileNumber - right.fileNumber)
      .at(-1)
  const rows = newest(table)
  return { rows: rows?.path, long: rows && newest(`pg_toast_${rows.oid}`)?.path }
}

/** Tells of a transaction whether it was committed, as far as that is known. */
function readTransactions(files: StoredFiles): (id: number) => boolean | undefined {
  const bytesPerFile = 32 * blockBytes
  return (id) => {
    const at = id >>> 2
    const name = Math.floor(at / bytesPerFile)
      .toString(16)
      .toUpperCase()
      .padStart(4, '0')
    const file = files.get(`/pg_xact/${name}`)
    const byte = file === 'dir' ? undefined : file?.[at % bytesPerFile]
    return byte === undefined ? undefined : ((byte >> ((id & 3) * 2)) & 3) === committed
  }
}

/** The same pages, where each row that was there is there for good and the others are gone. */
function settleRows(
  pages: Uint8Array<ArrayBuffer>,
  isCommitted: (id: number) => boolean | undefined,
): Uint8Array<ArrayBuffer> {
  const settled = pages.slice(0, pages.length - (pages.length % blockBytes))
  for (let page = 0; page < settled.length; page += blockBytes) {
    const view = new DataView(settled.buffer, page, blockBytes)
    const end = Math.min(view.getUint16(pointersEndAt, true), blockBytes)
    for (let pointer = pointersAt; pointer + 4 <= end; pointer += 4) {
      const line = view.getUint32(pointer, true)
      const offset = line & 0x7fff
      if (((line >>> 15) & 3) !== normalPointer || offset + rowHeadBytes > blockBytes) continue
      const flags = view.getUint16(offset + flagsAt, true)
      if (isThere(view, offset, flags, isCommitted)) {
        view.setUint16(offset + flagsAt, (flags & ~(xmaxCommitted | xmaxIsMany)) | xminFrozen | xmaxInvalid, true)
      } else view.setUint32(pointer, 0, true)
    }
  }
  return settled
}

function isThere(
  view: DataView,
  offset: number,
  flags: number,
  isCommitted: (id: number) => boolean | undefined,
): boolean {
  const made = flags & xminFrozen
  const isMade = made === 0 ? (isCommitted(view.getUint32(offset, true)) ?? true) : made !== xminInvalid
  if (!isMade) return false
  const deletedBy = view.getUint32(offset + xmaxAt, true)
  if (flags & (xmaxInvalid | xmaxIsLockOnly | xmaxIsMany) || deletedBy === 0) return true
  return !(flags & xmaxCommitted) && !(isCommitted(deletedBy) ?? false)
}
