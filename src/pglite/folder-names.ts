/** What lies in a data folder that is not Postgres' own. */
import { isErrorCode } from '../internal/is-error-code.ts'

/** Where a new database is made inside of a folder that is there already. */
export const draftName = 'typyst.new'

/** Locks and drafts of this package, and what a file system has at its root. */
const besideDatabase = /^(?:typyst\.(?:lock|new)(?:\..*)?|lost\+found)$/

/** What of the names in a folder belongs to a database, or to whoever else the folder is of. */
export function databaseNames(names: readonly string[]): string[] {
  return names.filter((name) => !besideDatabase.test(name))
}

/** The names in a folder, or nothing when there is no such folder. */
export async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return await process.getBuiltinModule('node:fs/promises').readdir(folder)
  } catch (cause) {
    if (isErrorCode(cause, 'ENOENT')) return undefined
    throw cause
  }
}
