/** A folder by the one path that all of its names lead to, so that its lock and what lies beside it are the same for each. */
import { TypystDbError } from '../errors.ts'
import { isErrorCode } from '../internal/is-error-code.ts'

/**
 * Follows links, and makes the folder's parents where they are missing.
 *
 * @throws TypystDbError `STORAGE_UNAVAILABLE` for a link that leads nowhere: what it is to lead to may not be mounted yet, and a
 *   new database in its place would hide the one there.
 */
export async function realFolder(folder: string): Promise<string> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const path = process.getBuiltinModule('node:path')
  const resolved = path.resolve(folder)
  try {
    return await fs.realpath(resolved)
  } catch (cause) {
    if (!isErrorCode(cause, 'ENOENT')) throw cause
  }
  const isLink = await fs.lstat(resolved).then(
    // By now, another process may have made the folder.
    (found) => found.isSymbolicLink(),
    () => false,
  )
  if (isLink) {
    throw new TypystDbError(
      'STORAGE_UNAVAILABLE',
      'The data folder is a link that leads nowhere. Make the folder it leads to, or name another one.',
    )
  }
  const parent = path.dirname(resolved)
  await fs.mkdir(parent, { recursive: true })
  return path.join(await fs.realpath(parent), path.basename(resolved))
}
