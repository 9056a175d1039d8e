/** The one place that loads PGlite, when it is first needed. */
import { TypystDbError } from '../errors.ts'

/**
 * Loads PGlite's engine.
 *
 * @throws TypystDbError `STORAGE_UNAVAILABLE` when the package is not installed or cannot be fetched.
 */
export function loadPGlite(): Promise<typeof import('@electric-sql/pglite')> {
  return loaded(() => import('@electric-sql/pglite'))
}

/**
 * Fetches and compiles PGlite's WebAssembly as well, whose address PGlite keeps to itself: by an engine without a database,
 * which is let go at once.
 *
 * @throws TypystDbError `STORAGE_UNAVAILABLE` as {@link loadPGlite} does.
 */
export async function warmUpPGlite(): Promise<void> {
  const { PGlite } = await loadPGlite()
  await loaded(async () => {
    const engine = await PGlite.create({ noInitDb: true })
    await engine.close()
  })
}

/**
 * Loads PGlite's file system for storage that is not its own.
 *
 * @throws TypystDbError `STORAGE_UNAVAILABLE` as {@link loadPGlite} does.
 */
export function loadFrontend(): Promise<typeof import('@electric-sql/pglite/memfs-frontend')> {
  return loaded(() => import('@electric-sql/pglite/memfs-frontend'))
}

/**
 * Loads PGlite's SQL templates, which are a part of their own.
 *
 * @throws TypystDbError `STORAGE_UNAVAILABLE` as {@link loadPGlite} does.
 */
export function loadTemplate(): Promise<typeof import('@electric-sql/pglite/template')> {
  return loaded(() => import('@electric-sql/pglite/template'))
}

async function loaded<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new TypystDbError(
      'STORAGE_UNAVAILABLE',
      'PGlite could not be loaded. Install "@electric-sql/pglite", or check the network, and try again.',
      { cause },
    )
  }
}
