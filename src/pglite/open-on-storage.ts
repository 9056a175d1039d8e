/** Opens PGlite on a storage that is not one of its own. */
import type { Transaction } from '@electric-sql/pglite'
import { loadFrontend, loadPGlite } from './load-pglite.ts'
import type { OpenedPGlite } from './open-pglite.ts'
import { createPGliteConnection } from './pglite-connection.ts'
import type { PGliteStorage } from './pglite-storage.ts'
import { atStorageEdge } from './storage-edge.ts'

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
].flatMap((setting) => ['-c', setting])

/**
 * Opens PGlite on a storage.
 *
 * @throws TypystDbError what the storage throws, or `STORAGE_UNAVAILABLE` when Postgres does not start on it. The storage
 *   is the caller's to close then.
 */
export async function openOnStorage(storage: PGliteStorage): Promise<OpenedPGlite> {
  const [{ PGlite }, frontend] = await Promise.all([loadPGlite(), loadFrontend()])
  const fs = storage.createFilesystem(frontend)
  const client = await atStorageEdge(() =>
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
