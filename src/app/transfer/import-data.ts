/** Imports what `exportData` made: read once to check it, and once more to write it. */
import { isTypystDbError, TypystDbError } from '../../errors.ts'
import type { SqlConnection } from '../../internal/sql-connection.ts'
import { longestTexts } from '../data/field-rules.ts'
import { chunksOf, linesOf, streamOf } from './byte-streams.ts'
import { decrypt, isEncrypted } from './encryption.ts'
import { readRows } from './export-format.ts'
import type { ImportCounts } from './insert-rows.ts'
import { createOwnerKeeper } from './keep-owners.ts'
import { createRowWriter } from './row-writer.ts'
import type { ImportOptions } from './row-writer.ts'

/** How an export is imported. */
export interface ImportDataOptions extends ImportOptions {
  /**
   * What it was encrypted with.
   *
   * @defaultValue none
   */
  readonly passphrase?: string | undefined
}

/** A character takes up to six in JSON, and what surrounds the content is little beside it. */
const longestLine = 6 * (longestTexts.entry.content + 10_000)

/** Checks the whole export, then writes it in one transaction. */
export async function importData(
  connection: SqlConnection,
  exported: Blob,
  { passphrase, ...options }: ImportDataOptions = {},
): Promise<ImportCounts> {
  const checked = rowsOf(exported, passphrase)
  while ((await checked.next()).done !== true) options.signal?.throwIfAborted()
  return connection.transaction(async (tx) => {
    const writer = createRowWriter((work) => work(tx), createOwnerKeeper(), options)
    for await (const [table, row] of rowsOf(exported, passphrase)) await writer.add(table, row)
    return writer.finish()
  })
}

function rowsOf(exported: Blob, passphrase: string | undefined): ReturnType<typeof readRows> {
  return readRows(linesOf(textsOf(exported, passphrase), longestLine))
}

async function* textsOf(exported: Blob, passphrase: string | undefined): AsyncGenerator<string, void> {
  const readBlob = (blob: Blob) => chunksOf(blob.stream())
  const zipped = (await isEncrypted(exported)) ? streamOf(decrypt(exported, passphrase, readBlob)) : exported.stream()
  const texts = zipped
    .pipeThrough(new DecompressionStream('gzip'))
    .pipeThrough(new TextDecoderStream('utf-8', { fatal: true }))
  try {
    yield* chunksOf(texts)
  } catch (cause) {
    if (isTypystDbError(cause)) throw cause
    throw new TypystDbError('EXPORT_INVALID', 'The export is damaged, or none at all. Nothing was imported.', { cause })
  }
}
