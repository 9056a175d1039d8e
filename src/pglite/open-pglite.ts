/** Opens PGlite at a location and hands back the client, the port over it, and how to let go of both. */
import type { PGlite, Transaction } from '@electric-sql/pglite'
import { isTypystDbError, TypystDbError } from '../errors.ts'
import type { Opened } from '../internal/lazy-connection.ts'
import type { DataLocation } from './data-location.ts'
import { lockFolder } from './folder-lock.ts'
import { loadFrontend, loadPGlite } from './load-pglite.ts'
import { createPGliteConnection } from './pglite-connection.ts'
import type { PGliteStorage } from './pglite-storage.ts'

/** An open PGlite. */
export interface OpenedPGlite extends Opened {
  readonly client: PGlite
  /** Resolves when everything acknowledged is stored. */
  flush(): Promise<void>
}

type PGliteModule = Awaited<ReturnType<typeof loadPGlite>>

/** The major version of Postgres that PGlite is built from, as its data folders record it in `PG_VERSION`. */
const postgresMajor = '18'

/**
 * Opens PGlite.
 *
 * @throws TypystDbError `DATABASE_IN_USE` when another process has the folder open, `STORAGE_INCOMPATIBLE` when another
 *   major version of Postgres wrote it, `STORAGE_UNAVAILABLE` when the place cannot be used. Nothing stays open then.
 */
export async function openPGlite(location: DataLocation, storage?: PGliteStorage): Promise<OpenedPGlite> {
  if (storage) return openOnStorage(storage)
  const unlock = location.kind === 'folder' ? await reachable(() => lockFolder(location.path)) : undefined
  try {
    const pglite = await loadPGlite()
    if (location.kind === 'folder') await reachable(() => prepareFolder(location.path, pglite))
    const client = await reachable(() => pglite.PGlite.create(toDataDir(location)))
    return {
      client,
      connection: createPGliteConnection(client),
      flush: () => client.syncToFs(),
      async close() {
        if (!client.closed) await client.close()
        await unlock?.()
      },
    }
  } catch (cause) {
    await unlock?.()
    throw cause
  }
}

/**
 * Settings for a database in a browser's storage, on top of PGlite's own.
 *
 * Smaller buffers start faster (45 instead of 100 ms) and save 56 MB of memory; there is one connection and no JIT. Full
 * page images protect against pages that were written in part, which storage that flushes in transactions cannot have.
 * WAL segments are neither zeroed in advance nor kept for reuse: each would be stored, and read at the next opening.
 */
const storageStartParams = [
  'shared_buffers=16MB',
  'max_connections=4',
  'jit=off',
  'full_page_writes=off',
  'wal_init_zero=off',
  'wal_recycle=off',
  'min_wal_size=2MB',
  'max_wal_size=4MB',
].flatMap((setting) => ['-c', setting])

async function openOnStorage(storage: PGliteStorage): Promise<OpenedPGlite> {
  const [{ PGlite }, frontend] = await Promise.all([loadPGlite(), loadFrontend()])
  const fs = storage.createFilesystem(frontend)
  const client = await reachable(() =>
    PGlite.create({
      fs,
      startParams: [...PGlite.defaultStartParams, ...storageStartParams],
      // 1 MB instead of 16: a database that writes little stores and reads little.
      initDbStartParams: ['--wal-segsize=1'],
    }),
  )
  // PGlite's own returns at once when a sync is already waiting its turn, before that one is done.
  client.syncToFs = () => fs.syncToFs()
  const transaction = client.transaction.bind(client)
  // PGlite syncs after every query outside of `transaction()`, and never after the commit inside of it.
  client.transaction = async <T>(run: (tx: Transaction) => Promise<T>): Promise<T> => {
    const result = await transaction(run)
    await client.syncToFs()
    return result
  }
  await storage.started()
  let hasShutDown = false
  return {
    client,
    connection: createPGliteConnection(client),
    async flush() {
      await client.syncToFs()
      await storage.flush()
    },
    async close() {
      if (!hasShutDown) {
        hasShutDown = true
        // When the last flush fails, everything acknowledged is stored already or still held by the storage.
        await client.close().catch(() => undefined)
      }
      await storage.close()
    },
  }
}

function toDataDir(location: DataLocation): string {
  if (location.kind === 'memory') return 'memory://'
  return location.kind === 'indexeddb' ? `idb://${location.name}` : `file://${location.path}`
}

/**
 * Makes sure that a folder holds a database this engine can open. PGlite checks only that `PG_VERSION` exists, and a
 * folder of another major ends in a WASM trap (https://github.com/electric-sql/pglite/issues/874). A new database is
 * made beside the folder and moved there when it is whole: a process killed in the middle leaves nothing half-made.
 */
async function prepareFolder(folder: string, { PGlite }: Pick<PGliteModule, 'PGlite'>): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const found = await fs.readdir(folder).catch((): string[] => [])
  if (found.length > 0) {
    const version = found.includes('PG_VERSION') ? await fs.readFile(`${folder}/PG_VERSION`, 'utf8') : ''
    if (version.trim() === postgresMajor) return
    throw new TypystDbError(
      'STORAGE_INCOMPATIBLE',
      `The data folder is not one of Postgres ${postgresMajor}. Use another folder, or move the data with the version that wrote it; nothing was changed.`,
    )
  }
  const draft = `${folder}.new`
  await fs.rm(draft, { recursive: true, force: true })
  const client = await PGlite.create(`file://${draft}`)
  await client.close()
  await fs.rm(folder, { recursive: true, force: true })
  await fs.rename(draft, folder)
}

async function reachable<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (cause) {
    if (isTypystDbError(cause)) throw cause
    throw new TypystDbError(
      'STORAGE_UNAVAILABLE',
      'The place named by `dataDir` cannot be used for a database. Check that it exists, is writable and has space, and try again.',
      { cause },
    )
  }
}
