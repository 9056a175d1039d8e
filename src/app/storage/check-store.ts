/** Decides before anything is read whether a store may reach Postgres. */
import { TypystDbError } from '../../errors.ts'
import { damagedStore } from './damaged-store.ts'
import {
  firstSummedVersion,
  formatVersion,
  isCount,
  isFormatRecord,
  metaKeys,
  postgresMajor,
  storeNames,
} from './format.ts'
import { requestResult } from './indexed-db.ts'
import { isFormatSealed } from './seal.ts'
import { loadSums } from './sums.ts'
import { readStores } from './transaction.ts'
import type { OpenStore } from './transaction.ts'

/**
 * Checks a store's format and Postgres version without changing anything.
 *
 * @returns Whether the store is empty.
 * @throws TypystDbError `STORAGE_NEWER`, `STORAGE_INCOMPATIBLE` or `STORAGE_DAMAGED`.
 */
export async function checkStore(open: OpenStore): Promise<boolean> {
  for (const name of Object.values(storeNames)) {
    if (!open.database.objectStoreNames.contains(name)) throw damagedStore(`has no object store "${name}"`)
  }
  const [format, folded, firstKey, versionFile, controlFile] = await readStores(
    open,
    ['meta', 'entries', 'records', 'packs'],
    (store) => {
      const [meta, entries] = [store('meta'), store('entries')]
      const firstKeys = (['entries', 'records', 'packs'] as const).map((name) =>
        requestResult<IDBValidKey | undefined>(store(name).getKey(anyKey())),
      )
      const reads: Promise<unknown>[] = [
        requestResult(meta.get(metaKeys.format)),
        requestResult(meta.get(metaKeys.folded)),
        Promise.all(firstKeys).then((keys) => keys.find((key) => key !== undefined)),
        requestResult(entries.get('/PG_VERSION')),
        requestResult(entries.get('/global/pg_control')),
      ]
      return Promise.all(reads)
    },
  )
  if (format === undefined && folded === undefined && firstKey === undefined) return true
  if (!isFormatRecord(format)) throw damagedStore('has no format record')
  if (format.version > formatVersion) {
    throw new TypystDbError(
      'STORAGE_NEWER',
      `The stored database has format ${format.version}, this release of @typyst/db knows format ${formatVersion}. It is left untouched; reload the app to get the newer release.`,
    )
  }
  if (format.version >= firstSummedVersion && !isFormatSealed(await loadSums(), format)) {
    throw damagedStore('has an unknown format record')
  }
  if (format.postgres !== postgresMajor) throw wrongPostgres(format.postgres)
  if (!isCount(folded)) throw damagedStore('has no flush counter')
  if (versionFile === undefined || controlFile === undefined)
    throw damagedStore('lacks files that Postgres cannot start without')
  return false
}

/** The error for a data directory of another Postgres major. */
export function wrongPostgres(found: string): TypystDbError {
  const version = /^\d{1,3}$/.test(found) ? `Postgres ${found}` : 'an unknown version of Postgres'
  return new TypystDbError(
    'STORAGE_INCOMPATIBLE',
    `The stored database was written by ${version}, this release runs Postgres ${postgresMajor}. It is left untouched; open it with the release that wrote it, or save its raw bytes with exportRaw().`,
  )
}

/** Every key is behind the lowest number. */
function anyKey(): IDBKeyRange {
  return IDBKeyRange.lowerBound(-Infinity)
}
