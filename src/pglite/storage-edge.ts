/** Where errors of the file system and of an opening PGlite become ours. */
import { TypystDbError } from '../errors.ts'
import { toDatabaseError } from '../internal/database-error.ts'

/**
 * Runs something that touches the place a database lives in, and translates what it throws.
 *
 * @throws TypystDbError `STORAGE_FULL` when there is no space, otherwise `STORAGE_UNAVAILABLE`.
 */
export async function atStorageEdge<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (cause) {
    const translated = toDatabaseError(cause)
    if (translated === cause || translated.code === 'STORAGE_FULL') throw translated
    throw new TypystDbError(
      'STORAGE_UNAVAILABLE',
      'The place named by `dataDir` cannot be used for a database. Check that it exists, is writable and has space, and try again.',
      { cause },
    )
  }
}
