/** Opens Postgres on files in memory that may be damaged, and stores nothing. */
import type { PGlite } from '@electric-sql/pglite'
import type { StorageBackend } from '@electric-sql/pglite/memfs-frontend'
import { loadFrontend, loadPGlite } from './load-pglite.ts'
import { startEngine } from './start-engine.ts'
import { startParams } from './start-params.ts'
import { watchEngine } from './watch-engine.ts'

/** What lets Postgres go on where it would stop: indexes of its catalog, and changes in the log to pages that are gone. */
const tolerant = ['ignore_system_indexes=on', 'ignore_invalid_pages=on', 'fsync=off']

/**
 * Opens a copy of the files.
 *
 * @param ignoresSums - Whether Postgres also takes pages whose sum is wrong; which ones those were is not known then.
 * @throws TypystDbError `ASSETS_UNAVAILABLE`, and what PGlite throws when Postgres does not start on them.
 */
export async function openOnFiles(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer> | 'dir'>,
  ignoresSums: boolean,
): Promise<PGlite> {
  const [pglite, { MemfsFrontendFS }] = await Promise.all([loadPGlite(), loadFrontend()])
  const backend: StorageBackend = {
    init: () => Promise.resolve(),
    async *load() {
      for (const [path, data] of files) {
        await Promise.resolve()
        yield data === 'dir' ? { kind: 'dir', path } : { kind: 'file', path, data: data.slice() }
      }
    },
    apply: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const settings = [...tolerant, `ignore_checksum_failure=${ignoresSums ? 'on' : 'off'}`].flatMap((setting) => [
    '-c',
    setting,
  ])
  const createFs = () => new MemfsFrontendFS(backend)
  const client = await startEngine(
    pglite,
    { fs: createFs(), startParams: [...startParams(pglite.PGlite, 'indexeddb'), ...settings] },
    () => ({ fs: createFs() }),
  )
  watchEngine(client)
  return client
}
