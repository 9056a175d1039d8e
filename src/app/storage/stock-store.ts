/** Reads and deletes databases that stock PGlite wrote to `idb://name`. */
import type { StorageEntry } from '@electric-sql/pglite/memfs-frontend'
import { TypystDbError } from '../../errors.ts'
import { deleteStoreDatabase, requestResult, storageError } from './indexed-db.ts'
import type { IndexedDbFactory } from './indexed-db.ts'

/** Emscripten's IDBFS: one object store, a record per path, and this database version (21 in every release so far). */
const fileStoreName = 'FILE_DATA'
const probeVersion = 1_000_000

/** How long the browser may take to say whether somebody has a database open, in milliseconds. */
const probeTakesAtMostMs = 5000

/** The kind of a path, in the bits of a POSIX mode. */
const fileTypeMask = 0o170000
const directoryType = 0o040000

/** The IndexedDB database of a stock `idb://name`; also the prefix of the paths in it. */
export function stockDatabaseName(name: string): string {
  return `/pglite/${name}`
}

/**
 * Reads a stock database.
 *
 * @returns Its entries, parents first, or nothing when there is no such database or it is empty.
 * @throws TypystDbError `DATABASE_IN_USE` while a page of an older release has it open.
 */
export async function readStockStore(factory: IndexedDbFactory, name: string): Promise<StorageEntry[] | undefined> {
  const databaseName = stockDatabaseName(name)
  if (!(await exists(factory, databaseName))) return undefined
  await refuseIfOpen(factory, databaseName)
  let database: IDBDatabase | undefined
  try {
    database = await requestResult(factory.open(databaseName))
    if (!database.objectStoreNames.contains(fileStoreName)) return undefined
    const store = database.transaction(fileStoreName, 'readonly').objectStore(fileStoreName)
    const keys = await requestResult(store.getAllKeys())
    // One by one, though in parallel: together they may be more than a browser moves in one message.
    const values: unknown[] = await Promise.all(keys.map((key) => requestResult<unknown>(store.get(key))))
    const entries = keys.flatMap((key, at) => toEntry(key, values[at], databaseName))
    return entries.some(({ path }) => path === '/PG_VERSION') ? entries : undefined
  } catch (cause) {
    throw storageError(cause)
  } finally {
    database?.close()
  }
}

/** Deletes a stock database. */
export async function deleteStockStore(factory: IndexedDbFactory, name: string): Promise<void> {
  await deleteStoreDatabase(factory, stockDatabaseName(name))
}

function toEntry(key: IDBValidKey, value: unknown, root: string): StorageEntry[] {
  if (typeof key !== 'string' || !key.startsWith(`${root}/`)) return []
  const path = key.slice(root.length)
  if (typeof value !== 'object' || value === null || !('mode' in value) || typeof value.mode !== 'number') return []
  if ((value.mode & fileTypeMask) === directoryType) return [{ kind: 'dir', path }]
  const contents = 'contents' in value ? value.contents : undefined
  // An empty file may come without contents. The rest is copied: the stored view may have a larger buffer behind it,
  // which Postgres would then keep in memory.
  return [{ kind: 'file', path, data: ArrayBuffer.isView(contents) ? copyOf(contents) : new Uint8Array() }]
}

function copyOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength).slice()
}

/** Whether a database exists; asking for it must not create it. */
async function exists(factory: IndexedDbFactory, name: string): Promise<boolean> {
  return (await factory.databases()).some((database) => database.name === name)
}

/**
 * Older releases take no lock, so a copy could miss what they write meanwhile. Asking for a higher version tells: it
 * has to wait for every open connection. The upgrade itself is taken back.
 */
async function refuseIfOpen(factory: IndexedDbFactory, name: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const request = factory.open(name, probeVersion)
      const refuse = () =>
        reject(
          new TypystDbError(
            'DATABASE_IN_USE',
            'A tab with an older release of this app has the database open. Close or reload that tab and try again.',
          ),
        )
      request.onblocked = refuse
      // Behind an earlier attempt that still waits for that tab, a request is told nothing.
      timer = setTimeout(refuse, probeTakesAtMostMs)
      request.onupgradeneeded = () => request.transaction?.abort()
      request.onerror = () => {
        if (request.error?.name === 'AbortError') resolve()
        else reject(storageError(request.error))
      }
    })
  } finally {
    clearTimeout(timer)
  }
}
