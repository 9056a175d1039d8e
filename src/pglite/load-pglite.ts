/** The one place that loads PGlite, when it is first needed. */
import { TypystDbError } from '../errors.ts'
import { loadCode } from '../internal/load-code.ts'
import { holdAssets, loadAssets } from './engine-assets.ts'

/**
 * Loads PGlite's engine.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE` when it cannot be fetched, `STORAGE_UNAVAILABLE` in Node when it is not installed.
 */
export function loadPGlite(): Promise<typeof import('@electric-sql/pglite')> {
  return loaded(() => import('@electric-sql/pglite'))
}

/**
 * Fetches and compiles PGlite's WebAssembly as well, and keeps it.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE` as {@link loadPGlite} does.
 */
export async function warmUpPGlite(): Promise<void> {
  const assets = await loadAssets(await loadPGlite())
  await assets?.modules
}

/** Fetches PGlite's files and keeps their bytes, for an engine that starts when they cannot be fetched any more. */
export async function holdPGlite(): Promise<void> {
  await holdAssets(await loadPGlite())
}

/**
 * Loads PGlite's file system for storage that is not its own.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE` as {@link loadPGlite} does.
 */
export function loadFrontend(): Promise<typeof import('@electric-sql/pglite/memfs-frontend')> {
  return loaded(() => import('@electric-sql/pglite/memfs-frontend'))
}

/**
 * Loads PGlite's SQL templates, which are a part of their own.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE` as {@link loadPGlite} does.
 */
export function loadTemplate(): Promise<typeof import('@electric-sql/pglite/template')> {
  return loaded(() => import('@electric-sql/pglite/template'))
}

async function loaded<T>(load: () => Promise<T>): Promise<T> {
  if ('location' in globalThis) return loadCode(load)
  try {
    return await load()
  } catch (cause) {
    throw new TypystDbError('STORAGE_UNAVAILABLE', 'PGlite could not be loaded. Install "@electric-sql/pglite".', {
      cause,
    })
  }
}
