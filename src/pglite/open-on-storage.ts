/** Opens PGlite on a storage that is not one of its own. */
import type { Transaction } from '@electric-sql/pglite'
import { batchProtocol } from './batch-protocol.ts'
import { loadAssets } from './engine-assets.ts'
import { keepParser } from './keep-byte-order-marks.ts'
import { loadFrontend, loadPGlite } from './load-pglite.ts'
import type { OpenedPGlite } from './open-pglite.ts'
import { createPGliteConnection, inheritParsers } from './pglite-connection.ts'
import type { PGliteStorage } from './pglite-storage.ts'
import { quickQuery } from './quick-query.ts'
import { refuseMisfits } from './refuse-misfits.ts'
import { refuseSessionResets } from './refuse-session-resets.ts'
import { refuseStrayTransactions } from './refuse-stray-transactions.ts'
import { settleProtocol } from './settle-protocol.ts'
import { startEngine } from './start-engine.ts'
import { startParams } from './start-params.ts'
import { atStorageEdge } from './storage-edge.ts'
import { watchEngine } from './watch-engine.ts'

/**
 * Opens PGlite on a storage.
 *
 * @param onPhase - Told when the stored files are waited for, and when Postgres starts on them.
 * @throws TypystDbError what the storage throws, or `STORAGE_UNAVAILABLE` when Postgres does not start on it. The storage
 *   is the caller's to close then.
 */
export async function openOnStorage(
  storage: PGliteStorage,
  onPhase?: (phase: 'load' | 'start') => void,
): Promise<OpenedPGlite> {
  const [pglite, frontend] = await Promise.all([loadPGlite(), loadFrontend()])
  const { PGlite, protocol, types } = pglite
  // Before the storage is waited for, and reported when the engine starts.
  loadAssets(pglite).catch(() => undefined)
  const createFs = () => {
    const created = storage.createFilesystem(frontend)
    const initialSyncFs = created.initialSyncFs.bind(created)
    created.initialSyncFs = async () => {
      await initialSyncFs()
      onPhase?.('start')
    }
    return created
  }
  let fs = createFs()
  onPhase?.('load')
  const client = await atStorageEdge(() =>
    startEngine(
      pglite,
      {
        fs,
        startParams: startParams(PGlite, 'indexeddb'),
        // 1 MB instead of 16: a database that writes little stores and reads little.
        initDbStartParams: ['--wal-segsize=1'],
      },
      () => ({ fs: (fs = createFs()) }),
    ),
  )
  const engine = watchEngine(client)
  keepParser(client)
  quickQuery(client, pglite, batchProtocol(client, protocol, engine))
  let isCheckpointing = false
  // PGlite's own returns at once when a sync is already waiting its turn, before that one is done.
  client.syncToFs = async () => {
    // What a failed engine has left may be the half of something; what it acknowledged was handed over before.
    if (engine.failure) throw engine.failure
    await fs.syncToFs()
    if (isCheckpointing || !storage.needsCheckpoint()) return
    // Postgres leaves checkpoints to a process of its own, which PGlite has not: without this one, the WAL would grow
    // until the database is closed, which a tab that is killed never does. It waits its turn behind other queries.
    isCheckpointing = true
    void client
      .exec('checkpoint')
      .catch(() => undefined)
      .finally(() => (isCheckpointing = false))
  }
  const transaction = client.transaction.bind(client)
  let latest: Promise<unknown> = Promise.resolve()
  // PGlite syncs after every query outside of `transaction()`, and never after the commit inside of it. The next one waits
  // for that too: while a transaction is open nothing is synced.
  client.transaction = <T>(run: (tx: Transaction) => Promise<T>): Promise<T> => {
    const turn = latest.then(async () => {
      const result = await transaction(run)
      await client.syncToFs()
      return result
    })
    latest = turn.catch(() => undefined)
    return turn
  }
  refuseMisfits(client, types.serializers)
  refuseSessionResets(client)
  refuseStrayTransactions(client, protocol, engine)
  settleProtocol(client, protocol, engine)
  await storage.started()
  let hasShutDown = false
  const arrayParsers = inheritParsers(client, types.parsers)
  return {
    client,
    arrayParsers,
    connection: createPGliteConnection(client, arrayParsers),
    engine,
    async flush() {
      await client.syncToFs()
      await storage.flush()
    },
    async scrub(redact) {
      await client.syncToFs()
      await storage.scrub(redact)
    },
    async close() {
      if (!hasShutDown) {
        hasShutDown = true
        // When the last flush fails, everything acknowledged is stored already or still held by the storage.
        if (!engine.failure) await client.close().catch(() => undefined)
      }
      await storage.close()
    },
  }
}
