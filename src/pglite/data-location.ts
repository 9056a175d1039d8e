/** What a `dataDir` means: memory, a folder, or a database in the browser. */
import { TypystDbError } from '../errors.ts'

/** A place PGlite can keep a database in. */
export type DataLocation =
  | { readonly kind: 'memory' }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'indexeddb'; readonly name: string }

/**
 * Reads a `dataDir`.
 *
 * @param dataDir - `memory://`, `idb://name`, `file://path` or a plain path.
 * @throws TypystDbError `INVALID_OPTIONS` when it is none of these.
 */
export function parseDataDir(dataDir: string): DataLocation {
  const { scheme, rest } = /^(?:(?<scheme>[a-z][a-z0-9+.-]+):\/\/)?(?<rest>.*)$/is.exec(dataDir)?.groups ?? {}
  if (rest !== undefined && !hasControlCharacter(rest)) {
    if (scheme === 'memory') return { kind: 'memory' }
    if (scheme === 'idb' && /^[^/\\]{1,200}$/.test(rest) && rest.trim() === rest)
      return { kind: 'indexeddb', name: rest }
    if ((scheme === undefined || scheme === 'file') && rest.trim() !== '') return { kind: 'folder', path: rest }
  }
  throw new TypystDbError(
    'INVALID_OPTIONS',
    '`dataDir` is not a place for a database. Use "idb://name" in a browser (1 to 200 characters, no slashes, no spaces around it), "memory://", or the path of a folder in Node.',
  )
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text)
}
