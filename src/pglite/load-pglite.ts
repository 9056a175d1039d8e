/** The one place that loads PGlite, when it is first needed. */
import { TypystDbError } from '../errors.ts'

/**
 * Loads PGlite's engine.
 *
 * @throws TypystDbError `STORAGE_UNAVAILABLE` when the package is not installed or cannot be fetched.
 */
export async function loadPGlite(): Promise<typeof import('@electric-sql/pglite')> {
  try {
    return await import('@electric-sql/pglite')
  } catch (cause) {
    throw new TypystDbError(
      'STORAGE_UNAVAILABLE',
      'PGlite could not be loaded. Install "@electric-sql/pglite", or check the network, and try again.',
      { cause },
    )
  }
}
