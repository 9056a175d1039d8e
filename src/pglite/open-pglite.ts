/** Opens PGlite at a location and hands back the client, the port over it, and how to let go of both. */
import type { PGlite } from '@electric-sql/pglite'
import { TypystDbError } from '../errors.ts'
import type { Opened } from '../internal/lazy-connection.ts'
import type { DataLocation } from './data-location.ts'
import { batchProtocol } from './batch-protocol.ts'
import { keepParser } from './keep-byte-order-marks.ts'
import { lockFolder } from './folder-lock.ts'
import type { FolderLock } from './folder-lock.ts'
import { loadPGlite } from './load-pglite.ts'
import { createPGliteConnection, inheritParsers } from './pglite-connection.ts'
import { prepareFolder } from './prepare-folder.ts'
import { quickQuery } from './quick-query.ts'
import { realFolder } from './real-folder.ts'
import { refuseMisfits } from './refuse-misfits.ts'
import { refuseStrayTransactions } from './refuse-stray-transactions.ts'
import { settleProtocol } from './settle-protocol.ts'
import { startEngine } from './start-engine.ts'
import { startParams } from './start-params.ts'
import { atStorageEdge } from './storage-edge.ts'
import { watchEngine } from './watch-engine.ts'

/** An open PGlite. */
export interface OpenedPGlite extends Opened {
  readonly client: PGlite
  /** Parsers of arrays, which PGlite does not use for a query that brings parsers of its own. */
  readonly arrayParsers: PGlite['parsers']
  /** Resolves when everything acknowledged is stored. */
  flush(): Promise<void>
  /**
   * The same, and removes what belongs to no file any more from the storage.
   *
   * @param redact - For what is kept with the files of the answers to requests.
   */
  scrub(redact?: (outcome: object) => object): Promise<void>
}

type PGliteModule = Awaited<ReturnType<typeof loadPGlite>>

/**
 * Opens PGlite.
 *
 * @param initial - A data directory as a tar archive, for a new database to begin with; without one initdb runs.
 * @throws TypystDbError `DATABASE_IN_USE` when another process has the folder open, `STORAGE_INCOMPATIBLE` when another
 *   major version of Postgres wrote it, `STORAGE_UNAVAILABLE` when the place cannot be used. Nothing stays open then.
 */
export async function openPGlite(requested: DataLocation, initial?: Blob): Promise<OpenedPGlite> {
  const location = await atStorageEdge(() => absolute(requested))
  const unlock = location.kind === 'folder' ? await atStorageEdge(() => lockFolder(location.path)) : undefined
  try {
    const pglite = await loadPGlite()
    if (location.kind === 'folder' && unlock) {
      const build = (folder: string) => buildFolder(folder, pglite, initial)
      await atStorageEdge(() => prepareFolder(location.path, { build, onMade: unlock.lockInside }))
    }
    const client = await atStorageEdge(() =>
      startEngine(pglite, {
        dataDir: toDataDir(location),
        startParams: startParams(pglite.PGlite, location.kind),
        ...(location.kind === 'memory' && initial && { loadDataDir: initial }),
      }),
    )
    const engine = watchEngine(client)
    keepParser(client)
    if (unlock) refuseUnlessHeld(client, unlock)
    quickQuery(client, pglite, batchProtocol(client, pglite.protocol, engine))
    refuseMisfits(client, pglite.types.serializers)
    refuseStrayTransactions(client, pglite.protocol, engine)
    settleProtocol(client, pglite.protocol, engine)
    const arrayParsers = inheritParsers(client, pglite.types.parsers)
    const flush = () => atStorageEdge(() => client.syncToFs())
    return {
      client,
      arrayParsers,
      connection: createPGliteConnection(client, arrayParsers),
      flush,
      // A file that is gone is gone.
      scrub: flush,
      engine,
      ...(location.kind === 'memory' && { remains: () => filesOf(client) }),
      close: () =>
        atStorageEdge(async () => {
          // An engine that has failed cannot end in order, and has no call under way that would not fail.
          if (engine.failure) await client.fs?.closeFs()
          // What closing writes would go into another one's files.
          else if (!client.closed && unlock?.isHeld() !== false) await client.close()
          await unlock?.()
        }),
    }
  } catch (cause) {
    await unlock?.()
    throw cause
  }
}

/** A folder by its real path without a slash at the end: names that lie beside it are made from it. */
async function absolute(location: DataLocation): Promise<DataLocation> {
  return location.kind === 'folder' ? { ...location, path: await realFolder(location.path) } : location
}

/** Runs nothing in a folder that another process took while this one was frozen. */
function refuseUnlessHeld(client: Pick<PGlite, 'execProtocolStream'>, { isHeld }: FolderLock): void {
  const send = client.execProtocolStream.bind(client)
  client.execProtocolStream = async (message, options) => {
    if (isHeld()) return send(message, options)
    throw new TypystDbError(
      'STORAGE_UNAVAILABLE',
      'Another process took the data folder over while this one gave no sign of life. Nothing was written since; open the database again once the folder is free.',
    )
  }
}

async function filesOf({ fs }: PGlite): Promise<Blob> {
  if (!fs) throw new TypeError('PGlite has no file system.')
  return fs.dumpTar('pgdata', 'none')
}

function toDataDir(location: DataLocation): string {
  if (location.kind === 'memory') return 'memory://'
  return location.kind === 'indexeddb' ? `idb://${location.name}` : `file://${location.path}`
}

/** Makes a new database in a folder that is not there. */
async function buildFolder(folder: string, pglite: PGliteModule, initial: Blob | undefined): Promise<void> {
  const client = await startEngine(pglite, {
    dataDir: `file://${folder}`,
    startParams: startParams(pglite.PGlite, 'folder'),
    ...(initial && { loadDataDir: initial }),
  })
  await client.close()
}
