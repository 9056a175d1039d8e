/** Decides before anything is read whether a store may reach Postgres. */
import { TypystDbError } from '../../errors.ts'
import { formatVersion, isCount, isFormatRecord, metaKeys, postgresMajor, storeNames } from './format.ts'
import { requestResult } from './indexed-db.ts'
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
    if (!open.database.objectStoreNames.contains(name)) throw damaged(`has no object store "${name}"`)
  }
  const [format, folded, entryCount, versionFile, controlFile] = await readStores(
    open,
    ['meta', 'entries'],
    (store) => {
      const [meta, entries] = [store('meta'), store('entries')]
      const reads: Promise<unknown>[] = [
        requestResult(meta.get(metaKeys.format)),
        requestResult(meta.get(metaKeys.folded)),
        requestResult(entries.count()),
        requestResult(entries.get('/PG_VERSION')),
        requestResult(entries.get('/global/pg_control')),
      ]
      return Promise.all(reads)
    },
  )
  if (format === undefined && folded === undefined && entryCount === 0) return true
  if (!isFormatRecord(format)) throw damaged('has no format record')
  if (format.version > formatVersion) {
    throw new TypystDbError(
      'STORAGE_NEWER',
      `The stored database has format ${format.version}, this release of @typyst/db knows format ${formatVersion}. It is left untouched; reload the app to get the newer release.`,
    )
  }
  if (format.postgres !== postgresMajor) throw wrongPostgres(format.postgres)
  if (!isCount(folded)) throw damaged('has no flush counter')
  if (versionFile === undefined || controlFile === undefined)
    throw damaged('lacks files that Postgres cannot start without')
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

function damaged(what: string): TypystDbError {
  return new TypystDbError(
    'STORAGE_DAMAGED',
    `The stored database ${what} and is left untouched. Save its raw bytes with exportRaw(), then delete it.`,
  )
}
